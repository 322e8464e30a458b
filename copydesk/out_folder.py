"""A folder that is there whole or not at all: written beside its place, then renamed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from corpus.errors import DeskError

UNFINISHED = ".unfinished"


def require_free(out: Path) -> None:
    """DeskError where ``out`` is neither free nor a model that may be replaced."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    from training.prediction.loaded import model_kind

    try:
        if out.is_dir():
            model_kind(out)
            return
    except DeskError:
        pass
    raise DeskError(
        f"{out} is there and is no model; it is not replaced.", "Give --out another name."
    )


def is_first_process() -> bool:
    """Of several that train together, as accelerate numbers them, the first saves and speaks."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write to; it takes the place of ``out`` at the end, unless an error is raised."""
    require_free(out)
    if not is_first_process():
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(out)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}{UNFINISHED}")
    unfinished.mkdir()
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished)
        raise
    old = out.with_name(f".{out.name}.{os.getpid()}.old{UNFINISHED}")
    if out.exists():
        out.rename(old)
    unfinished.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _remove_abandoned(out: Path) -> None:
    """What killed runs left behind; a model that one was about to replace is put back."""
    for left in sorted(out.parent.glob(f".{out.name}.*{UNFINISHED}")):
        process, *rest = left.name.removeprefix(f".{out.name}.").split(".")
        if not process.isdecimal() or psutil.pid_exists(int(process)):
            continue
        if rest[0] == "old" and not out.exists():
            left.rename(out)
        else:
            shutil.rmtree(left, ignore_errors=True)
