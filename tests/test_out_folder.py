"""A folder that is replaced by a process that is killed: the old one or the new one, never none."""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from copydesk.out_folder import new_folder
from embedded import exchange as exchanging


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def write(out: Path, content: str) -> None:
    with new_folder(out, lambda _: True) as folder:
        (folder / "model").write_text(content)


def killed(work: Callable[[], None]) -> None:
    process = get_context("fork").Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(("after", "content"), [(False, "old"), (True, "new")])
def test_where_the_system_exchanges_folders_one_is_always_there(
    after: bool, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, at_once = tmp_path / "out", exchanging._exchange_at_once
    write(out, "old")
    if not at_once(out, out):
        pytest.skip("this system cannot exchange folders")

    def die_around(one: Path, other: Path) -> bool:
        if after:
            at_once(one, other)
        die()
        return True

    monkeypatch.setattr(exchanging, "_exchange_at_once", die_around)
    killed(lambda: write(out, "new"))
    assert (out / "model").read_text() == content
    monkeypatch.undo()
    write(out, "newer")
    assert (out / "model").read_text() == "newer"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(("renames", "content"), [(0, "old"), (1, "old"), (2, "new"), (3, "new")])
def test_elsewhere_the_next_run_puts_it_back(
    renames: int, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, left, rename = tmp_path / "out", [None] * renames, Path.rename
    write(out, "old")
    monkeypatch.setattr(exchanging, "_exchange_at_once", lambda *_: False)

    def die_later(path: Path, target: Path) -> Path:
        if not left:
            die()
        left.pop()
        done = rename(path, target)
        # The last of them: what follows only removes the old one.
        if renames == 3 and not left:
            die()
        return done

    def replace() -> None:
        monkeypatch.setattr(Path, "rename", die_later)
        write(out, "new")

    killed(replace)

    class WrongInputError(Exception):
        pass

    with pytest.raises(WrongInputError), new_folder(out, lambda _: True):
        raise WrongInputError
    assert (out / "model").read_text() == content
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
