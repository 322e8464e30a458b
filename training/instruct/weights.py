"""Which weights a base model has: an adapter fits these and no others."""

import hashlib
from pathlib import Path


def weights_digest(folder: str | Path) -> str:
    """A short hash of the safetensors files of a folder."""
    digest = hashlib.sha256()
    for file in sorted(Path(folder).glob("*.safetensors")):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]
