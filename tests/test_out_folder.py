"""The folder that a command writes: whole or not at all, and nothing that stays behind."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.out_folder import new_folder

PROJECT = Path(__file__).resolve().parents[1]

# Writes half a model and waits for its end.
WRITER = """
import sys, time
from pathlib import Path
from copydesk.out_folder import new_folder
with new_folder(Path(sys.argv[1]), lambda _: True) as folder:
    (folder / "half").write_text("of a model")
    print("written", flush=True)
    time.sleep(60)
"""


def end_writer(out: Path, how: signal.Signals) -> int:
    """The exit code of a process that got the signal in the midst of writing."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as process:
        assert process.stdout and process.stdout.readline() == "written\n"
        assert len(list(out.parent.glob(f".{out.name}.*"))) == 1
        process.send_signal(how)
        return process.wait(30)


def write(out: Path, content: str = "new") -> None:
    with new_folder(out, lambda _: True) as folder:
        (folder / "model").write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_sigterm_leaves_nothing(tmp_path: Path) -> None:
    assert end_writer(tmp_path / "m", signal.SIGTERM) == 143
    assert names(tmp_path) == []


def test_what_a_kill_leaves_goes_with_the_next_one(tmp_path: Path) -> None:
    assert end_writer(tmp_path / "m", signal.SIGKILL) == -9
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".m.")
    write(tmp_path / "m")
    assert names(tmp_path) == ["m"]
    assert names(tmp_path / "m") == ["model"]


def test_signals_are_as_they_were_afterwards(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    write(tmp_path / "m")
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_number_of_a_process_says_nothing(tmp_path: Path) -> None:
    """In containers every process has the same; an earlier Copydesk went by it."""
    (tmp_path / f".m.{os.getpid()}.unfinished").mkdir()
    write(tmp_path / "m")
    assert names(tmp_path) == ["m"]


def test_what_another_one_writes_stays(tmp_path: Path) -> None:
    """Of the same name, or of a name that begins alike."""
    alive = tmp_path / ".m.0123abcd.unfinished"
    others = [tmp_path / ".m.x.0123abcd.unfinished", tmp_path / ".m.0123abcd.txt"]
    for folder in (alive, *others):
        folder.mkdir()
    lock = os.open(alive, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    write(tmp_path / "m")
    assert set(tmp_path.iterdir()) == {alive, *others, tmp_path / "m"}
    os.close(lock)
    write(tmp_path / "m")
    assert set(tmp_path.iterdir()) == {*others, tmp_path / "m"}


@pytest.mark.parametrize("mark", ["0123abcd", "4711"])
def test_a_model_that_was_about_to_be_replaced_is_put_back(tmp_path: Path, mark: str) -> None:
    old = tmp_path / f".m.{mark}.old.unfinished"
    old.mkdir()
    (old / "model").write_text("old")
    with pytest.raises(KeyError), new_folder(tmp_path / "m", lambda _: True):
        raise KeyError
    assert names(tmp_path) == ["m"]
    assert (tmp_path / "m" / "model").read_text() == "old"


def test_a_replacement_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "m", "old")
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if target == tmp_path / "m" and ".old." not in self.name:
            raise OSError("no room")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="no room"):
        write(tmp_path / "m")
    assert names(tmp_path) == ["m"]
    assert (tmp_path / "m" / "model").read_text() == "old"
