"""Trainings that were done, were killed, or run twice at the same moment; and whose code it was."""

import os
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corpus.articles import Article, Response
from corpus.desk import Desk, read_desk
from corpus.gold import Gold, build_gold
from corpus.ledger_rows import LedgerEntry
from flows import model_store
from flows.model_store import UNFINISHED, Kind, require_model, training_key
from flows.train_once import ABANDONED_SECONDS, CHECKPOINTS_SECONDS, checkpoints_folder, train_once
from publishing.provenance import code_revision
from training.results import TrainedModel


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path))
    return read_desk("desk.yaml", {"name": "stored", "review.min_submitted": 1})


@pytest.fixture
def gold(desk: Desk) -> Gold:
    article = Article("a", "Ada Obi won")
    response = Response("a", "x", "submitted", "World", (), datetime(2031, 5, 1, tzinfo=UTC))
    return build_gold(desk, {"a": article}, [LedgerEntry(response, "g", False)], {})


def trained(folder: Path) -> TrainedModel:
    folder.mkdir(parents=True)
    (folder / "weights").write_text("1")
    png = folder / "learning_curve.png"
    png.write_bytes(b"png")
    return TrainedModel(folder, "topics", (), png, "Healthy.", 1, 0.1, 0.2, 42, {})


def test_what_was_trained_is_found_again(desk: Desk, gold: Gold) -> None:
    first = train_once(desk, gold, "topics", trained)
    assert not first.reused
    assert (first.model / "weights").read_text() == "1"
    again = train_once(desk, gold, "topics", lambda _: pytest.fail("trained twice"))
    assert again.reused
    assert again.folder == require_model(desk, gold, "topics").folder == first.folder


def test_of_two_trainings_at_once_both_end_with_one_model(desk: Desk, gold: Gold) -> None:
    def while_another_trains(folder: Path) -> TrainedModel:
        assert not train_once(desk, gold, "topics", trained).reused
        return trained(folder)

    mine = train_once(desk, gold, "topics", while_another_trains)
    assert (mine.model / "weights").read_text() == "1"
    assert [path.name for path in mine.folder.parent.iterdir()] == [mine.key]


def test_what_a_killed_training_left_is_removed(desk: Desk, gold: Gold) -> None:
    """A day later; its checkpoints, from which it would have gone on, a week later."""
    kind = train_once(desk, gold, "topics", trained).folder.parent
    checkpoints = checkpoints_folder(desk, gold, "topics").parent
    day, week = ABANDONED_SECONDS + 60, CHECKPOINTS_SECONDS + 60
    left = {
        kind / f"k.1{UNFINISHED}": day,
        kind / f".base.1{UNFINISHED}": day,
        kind / f"k.2{UNFINISHED}": 0,
        checkpoints / "k.1": week,
        checkpoints / "k.2": day,
    }
    for folder, seconds in left.items():
        folder.mkdir(parents=True)
        then = time.time() - seconds
        os.utime(folder, (then, then))
    other = desk.model_copy(update={"models": desk.models.model_copy(update={"seed": 1})})
    train_once(other, gold, "topics", trained)
    assert [folder.exists() for folder in left] == [False, False, True, False, True]


def test_the_revision_of_the_code_is_unknown_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_revision() == "unknown" or len(code_revision().removesuffix("-dirty")) == 12
    monkeypatch.setenv("PATH", "/nowhere")
    assert code_revision() == "unknown"


def test_the_revision_tells_of_uncommitted_changes(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        name = ("-c", "user.name=Ada", "-c", "user.email=ada@lantern.example")
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert code_revision(tmp_path) == "unknown"
    code, inside = tmp_path / "code.py", tmp_path / "inside"
    code.write_text("one")
    inside.mkdir()
    git("init")
    git("add", "code.py")
    git("commit", "-m", "One")
    git("tag", "v1")
    clean = code_revision(tmp_path)
    assert re.fullmatch("[0-9a-f]{12}", clean)
    (inside / "untracked").write_text("x")
    assert code_revision(tmp_path) == clean
    code.write_text("two")
    assert code_revision(tmp_path) == f"{clean}-dirty"
    assert code_revision(inside) == "unknown"


def test_how_a_model_is_asked_trains_nothing_again(desk: Desk, gold: Gold) -> None:
    """But for GRPO, which learns from answers of that length."""

    def key(**changes: Any) -> str:
        overrides = {f"models.instructions.{k.replace('__', '.')}": v for k, v in changes.items()}
        return training_key(read_desk("desk.yaml", overrides), gold, "instructions")

    assert key() == key(constrained=True) == key(max_new_tokens=64)
    assert key() != key(max_steps=7)
    tuned = key(grpo__enabled=True)
    assert tuned == key(grpo__enabled=True, constrained=True)
    assert tuned != key(grpo__enabled=True, max_new_tokens=64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PHRASINGS", {"both": ("Label this.",)}),
        ("system_prompt", lambda _: "You label."),
        ("SCHEMA_VERSION", 2),
    ],
)
def test_other_words_of_chats_are_another_model(
    desk: Desk, gold: Gold, monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    """The card says with which ones it was trained."""
    kinds: tuple[Kind, ...] = ("instructions", "topics")
    before = [training_key(desk, gold, kind) for kind in kinds]
    monkeypatch.setattr(model_store, name, value)
    instructions, topics = (training_key(desk, gold, kind) for kind in kinds)
    assert instructions != before[0]
    assert topics == before[1]
