"""A folder that is there whole or not at all: written beside its place, then renamed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from corpus.errors import DeskError
from embedded.exchange import SWAP, exchange

UNFINISHED = ".unfinished"


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
    """A folder to write to; it takes the place of ``out`` at the end, unless an error is raised."""
    require_free(out, is_ours)
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
    _readable_as_usual(unfinished)
    if out.exists():
        exchange(out, unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        unfinished.rename(out)


def _readable_as_usual(folder: Path) -> None:
    """Files with the rights that new files have here; safetensors gives its own to nobody else."""
    usual = folder.stat().st_mode & 0o666
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(usual)


def _remove_abandoned(out: Path) -> None:
    """What killed runs left behind; a model that one was about to replace is put back."""
    for left in sorted(out.parent.glob(f".{out.name}.*{UNFINISHED}*")):
        process, _, rest = left.name.removeprefix(f".{out.name}.").partition(".")
        if not process.isdecimal() or psutil.pid_exists(int(process)):
            continue
        # Where the system cannot exchange folders at once.
        if rest.endswith(SWAP) and not out.exists():
            left.rename(out)
        else:
            shutil.rmtree(left, ignore_errors=True)
