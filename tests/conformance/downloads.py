"""The source distributions that hold the tests of Argilla and of the Hub's client.

None is committed, nor what they need: downloads stay in ``build/conformance`` (ignored by git);
their hashes are checked on every run.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "build" / "conformance"
PINS = PROJECT / "pins" / "conformance.txt"
VERSIONS = {"argilla": "2.8.0", "argilla_server": "2.8.0", "huggingface_hub": "2.4.0"}
SHA256 = {
    "argilla": "4364d58d8bfd51880efefc6ab08eb17983ffbede3807420536f4bbd6662afa37",
    "argilla_server": "c3ca464f7e024d1232fde23dbd6014e2c82a7cebd0382de03d7cb3cfae71e4b0",
    "huggingface_hub": "13a6158b9e3393d9d3f248ce99074d50c2a0a1449fb9d8e2f710751e2084c188",
}
# huggingface_hub moved its errors after Argilla's last release. The only edit in its suites.
DRIFT = (re.compile(r"\bhuggingface_hub\.utils\._errors\b"), "huggingface_hub.errors")


def unpacked(package: str) -> Path:
    """The folder of a source distribution, with the edit for drift."""
    archive = _archive(package)
    folder = FOLDER / f"{package}-{VERSIONS[package]}"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(FOLDER, filter="data")
    for file in (folder / "tests").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        edited = DRIFT[0].sub(DRIFT[1], text)
        if edited != text:
            file.write_text(edited, encoding="utf-8")
    return folder


def test_packages() -> Path:
    """A folder for PYTHONPATH with what the suites need; the product's environments stay clean."""
    pins = PINS.read_bytes()
    folder = FOLDER / f"packages-{hashlib.sha256(pins).hexdigest()[:12]}"
    if not folder.exists():
        unfinished = FOLDER / "packages-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _pip("install", "--no-deps", "--target", str(unfinished), "-r", str(PINS))
        unfinished.rename(folder)
    return folder


def _archive(package: str) -> Path:
    file = FOLDER / f"{package}-{VERSIONS[package]}.tar.gz"
    if not file.exists():
        name = package.replace("_", "-")
        wanted = ("--no-deps", "--no-binary", name, f"{name}=={VERSIONS[package]}")
        _pip("download", "--dest", str(FOLDER), *wanted)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256[package]:
        raise SystemExit(
            f"error: {file} has sha256 {found}, not {SHA256[package]}.\n"
            "  → Delete it and run make conformance again; if it stays so, the registry is not to "
            "be trusted."
        )
    return file


def _pip(*arguments: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise SystemExit(
            f"error: pip {arguments[0]} failed: {last}\n"
            "  → make conformance needs a package registry; check pip's configuration."
        )
