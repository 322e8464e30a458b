"""The offline base of a desk's instruction models: what it is made from, and what is left of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corpus.articles import Article, Response
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.gold import Gold, build_gold
from corpus.ledger_rows import LedgerEntry
from flows import instruction_base
from flows.instruction_base import base_source
from flows.model_store import kind_folder
from training.instruct import decoder

AT = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path))
    monkeypatch.setattr(instruction_base, "last_revision", lambda _: None)


def desk_of(**changes: Any) -> Desk:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    knobs = {"name": "based", "review.min_submitted": 1, "publish.instruction_model": "me/x"}
    return read_desk("desk.yaml", knobs | named)


def gold_of(desk: Desk, split: str, *articles: Article) -> Gold:
    answered = [
        LedgerEntry(Response(a.id, "x", "submitted", "World", (), AT), "g", False) for a in articles
    ]
    return build_gold(desk, {a.id: a for a in articles}, answered, {a.id: split for a in articles})


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The ids that each base was made from; making one for real takes half a minute."""
    found: list[list[str]] = []

    def make(chats: Any, seed: int, folder: Path, progress: Any) -> None:
        found.append([pair.id for pair in chats()])
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(decoder, "make_decoder", make)
    return found


def folders(desk: Desk) -> list[Path]:
    return [*kind_folder(desk, "instructions").glob("*")]


def test_without_an_article_to_learn_from_the_next_command_is_said(made: list[list[str]]) -> None:
    desk = desk_of()
    with pytest.raises(DeskError, match="train split, and desk 'based' has none") as error:
        base_source(desk, gold_of(desk, "test", Article("a", "Ada Obi won.")))
    assert "copydesk pull" in error.value.next_step
    assert (made, folders(desk)) == ([], [])


def test_nothing_is_left_of_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(decoder, "make_decoder", fail)
    desk = desk_of()
    with pytest.raises(KeyboardInterrupt):
        base_source(desk, gold_of(desk, "train", Article("a", "Ada Obi won.")))
    assert folders(desk) == []


def test_it_is_made_once(made: list[list[str]]) -> None:
    desk = desk_of()
    gold = gold_of(desk, "train", Article("a", "Ada Obi won."))
    first = base_source(desk, gold)
    assert base_source(desk, gold) == first
    assert made == [["a"]]
    assert folders(desk) == [first]
