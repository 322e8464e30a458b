"""Which weights a base model has: an adapter fits these and no others."""

import hashlib
from pathlib import Path

FORMS = ("*.safetensors", "*.bin", "*.pt")


def weights_digest(folder: str | Path) -> str:
    """A short hash of the weights in a folder, in whatever form they lie there."""
    digest = hashlib.sha256()
    files = [file for form in FORMS for file in Path(folder).glob(form)]
    for file in sorted(files):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]
