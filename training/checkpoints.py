"""Where a training goes on after it was killed: checkpoints in a folder that knows its training."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

KEY_FILE = "training_key.txt"
STATE_FILE = "trainer_state.json"


def training_key(parts: Sequence[Any]) -> str:
    """A hash of all that decides the result of a training."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def last_checkpoint(folder: Path, key: str) -> Path | None:
    """The last whole checkpoint of the training with this key; checkpoints of others are removed.

    Makes the folder. A checkpoint that was being written when its process died does not count.
    """
    key_file = folder / KEY_FILE
    if folder.exists() and not (key_file.is_file() and key_file.read_text("utf-8") == key):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key_file.write_text(key, encoding="utf-8")
    whole = [checkpoint for checkpoint in folder.glob("checkpoint-*") if _is_whole(checkpoint)]
    return max(whole, key=_step, default=None)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _is_whole(checkpoint: Path) -> bool:
    # Trainer writes its state last.
    try:
        state = json.loads((checkpoint / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return bool(state["global_step"] == _step(checkpoint))
