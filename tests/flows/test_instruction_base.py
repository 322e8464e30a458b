"""The offline base of a desk's instruction models: what it is made from, and what is left of it."""

import json
import logging
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
from flows.instruction_base import base_repo, base_source, warn_of_other_labels
from flows.model_store import kind_folder, training_key
from training.instruct import decoder
from training.instruct.tokens import chat_frames

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
        tokens = [{"content": frame} for frame in chat_frames(chats).all()]
        (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": tokens}))

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


def test_other_labels_get_a_base_of_their_own(made: list[list[str]]) -> None:
    """As long as none is published; the first one is found again by those who go back."""
    desk, article = desk_of(), Article("a", "Ada Obi won.")
    first = base_source(desk, gold_of(desk, "train", article))
    changed = desk_of(labels__topics={"World": "Wars.", "Weather": "Storms."})
    second = base_source(changed, gold_of(changed, "train", article))
    assert first != second
    assert base_source(desk, gold_of(desk, "train", article)) == first
    assert len(made) == 2


def test_a_published_base_of_other_labels_is_told(
    made: list[list[str]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_of()
    folder = base_source(desk, gold_of(desk, "train", Article("a", "Ada Obi won.")))
    monkeypatch.setattr(
        instruction_base, "last_revision", lambda repo: "0a" if repo == "me/x-base" else None
    )
    monkeypatch.setattr(instruction_base, "download_model", lambda *_: folder)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "flows.instruction_base"):
        warn_of_other_labels(desk)
        assert caplog.text == ""
        changed = desk_of(labels__topics={"World": "Wars.", "Weather": "Storms."})
        warn_of_other_labels(changed)
    assert "publish.instruction_base" in caplog.text
    gold = gold_of(changed, "train", Article("a", "Ada Obi won."))
    assert base_source(changed, gold) == folder
    named = desk_of(
        labels__topics={"World": "Wars.", "Weather": "Storms."},
        publish__instruction_base="me/x-base-2",
    )
    assert base_repo(named) == "me/x-base-2"
    assert base_source(named, gold) != folder
    # The adapter that is there fits the base from before.
    assert training_key(named, gold, "instructions") != training_key(changed, gold, "instructions")


def test_a_base_has_a_repository_of_its_own() -> None:
    with pytest.raises(DeskError, match="are both 'me/x'"):
        desk_of(publish__instruction_base="me/x")


def test_what_may_not_be_passed_on_is_not_learned(made: list[list[str]]) -> None:
    """The base is published, and its tokens are words and names of articles."""
    desk = desk_of()
    free = Article("free", "Ada Obi won.", license="cc0-1.0")
    kept = Article("kept", "The harbour of Geneva closed on Sunday.", license="all-rights-reserved")
    base_source(desk, gold_of(desk, "train", free, kept))
    assert made == [["free"]]
    other = desk_of(name="withheld")
    with pytest.raises(DeskError, match="whose text may be passed on") as error:
        base_source(other, gold_of(other, "train", kept))
    assert "publish.text_licenses" in error.value.next_step
