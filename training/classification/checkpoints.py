"""Where a training leaves what it needs to go on after a kill."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers.trainer_utils import get_last_checkpoint

OF = "of.json"


@contextmanager
def checkpoint_folder(folder: Path | None, of: dict[str, Any]) -> Iterator[Path]:
    """A folder for the training that ``of`` describes, removed when the training is through.

    Without ``folder`` a temporary one, so nothing is left after a kill. What lies in ``folder`` of
    another training (other examples, settings, seed, encoder) is thrown away first.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="copydesk-topics-") as name:
            yield Path(name)
        return
    digest = hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()
    note = folder / OF
    if folder.exists() and read(note) != {"digest": digest}:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(note, {"digest": digest})
    yield folder
    shutil.rmtree(folder)


def latest(folder: Path) -> str | None:
    """The last complete checkpoint of a trainer in this folder."""
    if not folder.is_dir():
        return None
    # A kill in the middle of a save leaves a checkpoint without its state, which comes last.
    for checkpoint in folder.glob("checkpoint-*"):
        if not _complete(checkpoint):
            shutil.rmtree(checkpoint)
    found: str | None = get_last_checkpoint(str(folder))  # type: ignore[no-untyped-call]
    return found


def _complete(checkpoint: Path) -> bool:
    try:
        return read(checkpoint / "trainer_state.json") is not None
    except json.JSONDecodeError:
        return False


def read(file: Path) -> Any:
    """What ``write`` left there; None where there is nothing."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def write(file: Path, value: Any) -> None:
    """As JSON, whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(file)
