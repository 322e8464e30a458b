"""The `hf` command against the embedded Hub, with its default settings."""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.processes import output_of

pytestmark = pytest.mark.services
Hf = Callable[..., Any]


@pytest.fixture
def hf(environment: dict[str, str]) -> Hf:
    """Runs `hf …` and gives what it prints: parsed with `--format json`, else as text."""

    def run(*arguments: str) -> Any:
        printed = output_of(["hf", *arguments], environment, timeout_seconds=60)
        return json.loads(printed) if "json" in arguments else printed

    return run


@pytest.fixture
def repo() -> str:
    return f"copydesk/by-command-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("# Made by hand\n", encoding="utf-8")
    (folder / "data" / "rows.csv").write_text("id\n1\n", encoding="utf-8")
    (folder / "weights.safetensors").write_bytes(os.urandom(200_000))
    return folder


def test_a_folder_goes_up_by_xet_and_comes_down_the_same(
    hf: Hf, repo: str, folder: Path, tmp_path: Path, xorbs: Callable[[], int]
) -> None:
    hf("repos", "create", repo)
    before = xorbs()
    hf("upload", repo, str(folder), ".", "--commit-message", "by command")
    assert xorbs() > before
    hf("repos", "tag", "create", repo, "v1", "--message", "first")
    hf("upload", repo, str(folder / "README.md"), "README.md", "--delete", "data/*")
    hf("download", repo, "--revision", "v1", "--local-dir", str(tmp_path / "copy"))
    for file in ("README.md", "data/rows.csv", "weights.safetensors"):
        assert (tmp_path / "copy" / file).read_bytes() == (folder / file).read_bytes()
    hf("cache", "verify", repo, "--revision", "v1", "--local-dir", str(tmp_path / "copy"))
    assert "v1" in hf("repos", "tag", "list", repo)


def test_repositories_are_made_branched_hidden_moved_and_deleted(
    hf: Hf, repo: str, folder: Path
) -> None:
    kind = ("--type", "dataset")
    hf("repos", "create", repo, *kind)
    hf("upload", repo, str(folder / "data"), "data", *kind)
    hf("repos", "branch", "create", repo, "next", *kind)
    hf("repos", "delete-files", repo, "data/rows.csv", *kind)
    hf("repos", "settings", repo, "--private", *kind)
    hf("repos", "move", repo, f"{repo}-moved", *kind)
    info = hf("datasets", "info", f"{repo}-moved", "--format", "json")
    files = {file["rfilename"] for file in info["siblings"]}
    assert (info["private"], files) == (True, {".gitattributes"})
    kept = hf("datasets", "info", f"{repo}-moved", "--revision", "next", "--format", "json")
    assert "data/rows.csv" in {file["rfilename"] for file in kept["siblings"]}
    hf("repos", "delete", f"{repo}-moved", "--yes", *kind)
    listed = hf("repos", "list", "--type", "dataset", "--search", repo, "--format", "json")
    assert listed == []
