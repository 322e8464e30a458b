"""A desk's tokenizer is replaced by a run that is killed: the next finds the old or the new."""

import json
import os
import signal
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from corpus.desk import read_desk
from flows.desk_tokenizer import _new, find_tokenizer, tokenizer_folder
from flows.model_store import UNFINISHED
from flows.train_once import ABANDONED_SECONDS
from training.tokenizer.make import REPORT, TokenizerReport

DESK = read_desk("desk.yaml")
OLD, NEW = 100, 200


def write(folder: Path, vocabulary: int) -> None:
    report = TokenizerReport("base", 1, "BPE", vocabulary, vocabulary, 1, "all", {})
    with _new(folder) as unfinished:
        (unfinished / REPORT).write_text(json.dumps(asdict(report)))


def found() -> int:
    stored = find_tokenizer(DESK, "k", None)
    assert stored
    return stored.report.vocabulary


@pytest.mark.parametrize(("renames", "vocabulary"), [(0, OLD), (1, OLD), (2, NEW)])
def test_a_kill_between_two_renames_loses_nothing(
    renames: int, vocabulary: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path))
    folder, rename = tokenizer_folder(DESK, "k"), Path.rename
    write(folder, OLD)
    assert found() == OLD
    done: list[Any] = []

    def killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def die_later(path: Path, target: Path) -> Path:
        if len(done) == renames:
            killed()
        done.append(rename(path, target))
        return target

    def replace() -> None:
        monkeypatch.setattr(Path, "rename", die_later)
        # Nothing but the removal of the old one follows.
        monkeypatch.setattr("flows.desk_tokenizer.shutil.rmtree", lambda *_, **__: killed())
        write(folder, NEW)

    process = get_context("fork").Process(target=replace)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert found() == vocabulary
    # What the killed run was writing goes when no run can be at it any more.
    (left,) = [path for path in folder.parent.iterdir() if path != folder]
    assert left.name.endswith(UNFINISHED)
    past = left.stat().st_mtime - ABANDONED_SECONDS - 1
    os.utime(left, (past, past))
    write(folder, NEW)
    assert found() == NEW
    assert list(folder.parent.iterdir()) == [folder]
