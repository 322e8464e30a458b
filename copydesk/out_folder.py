"""A folder that is there whole or not at all: written beside its place, then renamed."""

import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from copydesk.stop import end_orderly
from corpus.errors import DeskError

UNFINISHED = ".unfinished"
# Of this run, or of an earlier Copydesk, which took the number of its process.
MARK = re.compile(r"(?:[0-9a-f]{8}|\d+)(?P<old>\.old)?")


def is_model(folder: Path) -> bool:
    """Whether a model of a kind known here lies there."""
    from training.prediction.loaded import model_kind

    try:
        model_kind(folder)
    except DeskError:
        return False
    return True


def require_place(out: Path) -> None:
    """DeskError where something that is no folder stands above ``out``."""
    for parent in out.absolute().parents:
        if parent.exists() and not parent.is_dir():
            raise DeskError(
                f"{parent} is no folder, so {out} cannot be.", "Give --out another name."
            )


def require_free(
    out: Path, is_ours: Callable[[Path], bool] = is_model, what: str = "model"
) -> None:
    """DeskError where ``out`` is neither free nor ``what`` may be replaced."""
    require_place(out)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if out.is_dir() and is_ours(out):
        return
    raise DeskError(
        f"{out} is there and is no {what}; it is not replaced.", "Give --out another name."
    )


def is_first_process() -> bool:
    """Of several that train together, as accelerate numbers them, the first saves and speaks."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def new_folder(out: Path, is_ours: Callable[[Path], bool] = is_model) -> Iterator[Path]:
    """A folder to write to; it takes the place of ``out`` at the end, unless an error is raised.

    SIGTERM leaves nothing of it. What a process that was killed leaves goes when the next one
    begins to write to ``out``.
    """
    require_free(out, is_ours)
    if not is_first_process():
        with end_orderly(), tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(out)
    mark = secrets.token_hex(4)
    unfinished = out.with_name(f".{out.name}.{mark}{UNFINISHED}")
    with end_orderly():
        unfinished.mkdir()
        try:
            with _locked(unfinished):
                yield unfinished
                _readable_as_usual(unfinished)
                _replace(out, unfinished, out.with_name(f".{out.name}.{mark}.old{UNFINISHED}"))
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


def _replace(out: Path, new: Path, old: Path) -> None:
    """What was there is locked while it has another name: nobody takes it for left behind."""
    if not out.exists():
        new.rename(out)
        return
    with _locked(out):
        out.rename(old)
        try:
            new.rename(out)
        finally:
            if not out.exists():
                old.rename(out)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Until the end of this process, however it ends; BlockingIOError where another has it."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _readable_as_usual(folder: Path) -> None:
    """Files with the rights that new files have here; safetensors gives its own to nobody else."""
    usual = folder.stat().st_mode & 0o666
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(usual)


def _remove_abandoned(out: Path) -> None:
    """What killed runs left behind; a model that one was about to replace is put back."""
    before, after = f".{out.name}.", UNFINISHED
    for left in sorted(out.parent.iterdir()):
        if not (left.name.startswith(before) and left.name.endswith(after)):
            continue
        mark = MARK.fullmatch(left.name[len(before) : -len(after)])
        if mark:
            _remove(left, out if mark["old"] and not out.exists() else None)


def _remove(left: Path, put_back: Path | None) -> None:
    """Unless the process that writes it is alive: it holds the lock, whatever its number."""
    try:
        with _locked(left):
            if put_back is None:
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.rename(put_back)
    except (BlockingIOError, FileNotFoundError, NotADirectoryError):
        # Alive, or another run was here first, or no folder of ours.
        return
