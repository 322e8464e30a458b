"""Where a training leaves what it needs to go on after a kill."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers.trainer_utils import get_last_checkpoint

OF = "of.json"


@contextmanager
def checkpoint_folder(folder: Path | None, of: dict[str, Any]) -> Iterator[Path]:
    """A folder for the training that ``of`` describes, removed when the training is through.

    Without ``folder`` a temporary one, so nothing is left after a kill. What lies in ``folder`` of
    another training (other examples, settings, seed, encoder) is thrown away first. Of several
    processes, which need to be given the same folder, the first one prepares and removes it.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="copydesk-topics-") as name:
            yield Path(name)
        return
    everyone = together()
    if everyone.is_main_process:
        _prepare(folder, hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest())
    everyone.wait_for_everyone()
    try:
        yield folder
    except BaseException:
        # Stopped before anything was worth going on from.
        if everyone.is_main_process and [file.name for file in folder.glob("*")] == [OF]:
            shutil.rmtree(folder)
        raise
    everyone.wait_for_everyone()
    if everyone.is_main_process:
        shutil.rmtree(folder)


def together() -> PartialState:
    """The processes that ``accelerate launch`` started, or this one alone."""
    # Else accelerate looks for a GPU for each process of a machine that has none.
    return PartialState(cpu=not torch.cuda.is_available())


def _prepare(folder: Path, digest: str) -> None:
    note = folder / OF
    if folder.exists() and read(note) != {"digest": digest}:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(note, {"digest": digest})


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
