"""The key of a desk's pseudonyms: random, made once, kept in the state and nowhere else."""

import os
import secrets
from pathlib import Path

from corpus.errors import DeskError
from corpus.ledger import Ledger

KEY_FILE = "pseudonyms.key"
KEY_BYTES = 32


def desk_secret(ledger: Ledger) -> bytes:
    """32 random bytes of this desk, made at the first call, readable by their owner only.

    Raises DeskError for a key that is damaged: another one would give everybody a new name, and
    an empty one would let anybody compute them.
    """
    path = f"{ledger.root}/{KEY_FILE}"
    ledger.fs.invalidate_cache()
    if not ledger.fs.exists(path):
        _create(ledger, path)
    # Read back: of two first calls at once, the earlier key counts for both.
    key = bytes(ledger.fs.cat_file(path))
    if len(key) != KEY_BYTES:
        raise DeskError(
            f"{path} holds {len(key)} bytes, the key of the pseudonyms has {KEY_BYTES}.",
            "Restore it from a backup; if nothing was published yet, delete it. Then run "
            "copydesk publish again.",
        )
    return key


def _create(ledger: Ledger, path: str) -> None:
    key = secrets.token_bytes(KEY_BYTES)
    try:
        if "file" in ledger.fs.protocol:
            _link_private(Path(path), key)
        else:
            ledger.fs.pipe_file(path, key, mode="create")
    except FileExistsError:
        # Somebody else was first.
        return


def _link_private(path: Path, key: bytes) -> None:
    """Write the whole key under a name of its own, then give it its name unless that is taken."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink()
