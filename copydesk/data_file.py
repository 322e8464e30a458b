"""What the commands on any file share: the file, its process, what they say."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.out_folder import is_first_process
from copydesk.process import set_process_defaults
from corpus.articles import Split
from corpus.errors import DeskError
from corpus.labelled.columns import FLAGS, Columns, FileForm
from embedded.home import default_home

if TYPE_CHECKING:
    from corpus.labelled.read import LabelledFile

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, and how it is to be read."""

    path: Path
    columns: Columns
    form: FileForm


def data_file(path: Path, form: FileForm, names: Mapping[str, str | None]) -> DataFile:
    """From the values of the options; a name that is left out keeps its default."""
    empty = [FLAGS[role] for role, name in names.items() if name == ""]
    if empty:
        raise DeskError(f"{empty[0]} is empty.", "Give the name of a column.")
    return DataFile(path, Columns(**{r: n for r, n in names.items() if n is not None}), form)


def prepare() -> None:
    """The embedded Hub where it runs, and quiet libraries; before clients are imported."""
    from embedded.exports import exports, is_up, is_users_own

    home = default_home()
    if is_up(home) and not is_users_own(home, "hub"):
        for name, value in exports(home).items():
            if name.startswith("HF_"):
                os.environ.setdefault(name, value)
    set_process_defaults(home)


def left_out(file: "LabelledFile") -> str:
    """How many rows, and why."""
    return "".join(f"; {count:,} {reason} left out" for reason, count in file.left_out.items())


def tell(line: str) -> None:
    """On stderr, once: stdout is for results alone."""
    if is_first_process():
        print(line, file=sys.stderr, flush=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where a person looks; a total of 0 means that it is not known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
