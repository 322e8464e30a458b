"""Corrections in ledgers: kept once, given a split, part of what a training is known by."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpus import review_state
from corpus.articles import Response
from corpus.instruct.answers import Answer
from corpus.instruct.corrections import Corrections, resolve_corrections
from corpus.instruct.opinions import (
    answers_ledger,
    append_generations,
    append_opinions,
    read_generations,
    read_opinions,
)
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger, read_gold, resolve_ledger
from corpus.statements import current_statements
from flows.instruction_training import chats_corrected, training_pairs
from flows.model_store import training_key
from flows.pull_answers import resolve
from tests.corpus.correcting import (
    ADA,
    NOON,
    RIGHT,
    WEXMOOR,
    WRONG,
    article,
    desk,
    generation,
    opinion,
)


def test_generations_and_opinions_are_kept_once(tmp_path: Path) -> None:
    ledger = answers_ledger(Ledger(str(tmp_path), "desk"))
    assert read_opinions(ledger) == []
    assert not (tmp_path / "desk-answers").exists()
    about = generation("a", written="")
    for _ in range(2):
        append_generations(ledger, [about, generation("b")])
    assert list(read_generations(ledger)) == ["a:m1", "b:m1"]
    assert read_generations(ledger)["a:m1"] == about
    first = opinion(about, RIGHT)
    draft = replace(first, annotator="y", status="draft", rating=None, correction="")
    assert append_opinions(ledger, [first, draft]) == 2
    assert append_opinions(ledger, [replace(first, guidelines="new"), draft]) == 0
    edited = opinion(about, WRONG, minutes=1)
    assert append_opinions(ledger, [edited, draft]) == 1
    assert current_statements(read_opinions(ledger)) == {first.key: edited, draft.key: draft}
    assert append_opinions(ledger, [edited.buried()]) == 1
    assert list(current_statements(read_opinions(ledger))) == [draft.key]
    assert len(read_opinions(ledger)) == 4


def test_an_opinion_that_comes_back_after_it_was_deleted_counts_again(tmp_path: Path) -> None:
    """As a restored Argilla shows it, or a pull that saw it while another did not."""
    ledger = answers_ledger(Ledger(str(tmp_path), "desk"))
    given = opinion(generation("a"), RIGHT)
    for back in (given, replace(given, answered_at=NOON + timedelta(minutes=1))):
        assert append_opinions(ledger, [back]) == 1
        assert append_opinions(ledger, [back.buried()]) == 1
        assert current_statements(read_opinions(ledger)) == {}
        assert append_opinions(ledger, [back.buried()]) == 0
        assert append_opinions(ledger, [back]) == 1
        assert append_opinions(ledger, [back]) == 0
        assert current_statements(read_opinions(ledger)) == {given.key: back}
    # What was edited before it was deleted does not come back by an older row.
    assert append_opinions(ledger, [back.buried(), given]) == 2
    assert current_statements(read_opinions(ledger)) == {}


def test_an_answer_that_comes_back_after_it_was_deleted_counts_again(tmp_path: Path) -> None:
    ledger, given = Ledger(str(tmp_path), "desk"), answered("a")
    rows = ([given], [given.buried()], [given], [given])
    assert [ledger.append_entries(row) for row in rows] == [1, 1, 1, 0]
    assert current_statements(ledger.entries()) == {given.key: given}


def answered(name: str, at: datetime = NOON, blind: bool = False) -> LedgerEntry:
    return LedgerEntry(Response(name, "x", "submitted", "World", (), at), "g1", blind)


def test_the_key_of_a_training_changes_with_a_correction_and_not_otherwise(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state": str(tmp_path)}
    of, about = desk(**settings), generation("c")
    ledger = open_ledger(of)
    ledger.append_articles([article("a"), article("b")])
    ledger.append_entries([answered("a"), answered("b")])
    ledger.append_splits({"a": "train", "b": "train", "c": "train"})
    answers = answers_ledger(ledger)

    def key() -> str:
        return training_key(of, read_gold(of), "instructions")

    before = key()
    answers.append_articles([article("c")])
    append_generations(answers, [about])
    append_opinions(answers, [opinion(about, "no JSON")])
    assert key() == before
    append_opinions(answers, [opinion(about, RIGHT, minutes=1)])
    gold = read_gold(of)
    after = key()
    assert after != before
    assert [p.id for p in training_pairs(of, gold)] == ["a", "b", "c"]
    assert [r.article.id for r in gold.reviewed] == ["a", "b"]
    # Another rating, or the same answer in another order: nothing else to learn.
    shuffled = Answer("Sports", (WEXMOOR, ADA))
    append_opinions(answers, [opinion(about, shuffled, rating=4, minutes=2)])
    assert key() == after
    assert training_key(of, gold, "topics") == training_key(
        of, replace(gold, corrected=()), "topics"
    )


def test_a_correction_waits_for_the_split_of_its_article(tmp_path: Path) -> None:
    """Before, another pull of the desk could give the article another one."""
    settings: dict[str, Any] = {"state": str(tmp_path)}
    of, made = desk(**settings), [generation("c"), generation("d"), generation("e")]
    ledger = open_ledger(of)
    answers = answers_ledger(ledger)
    answers.append_articles(article(g.article_id) for g in made)
    append_generations(answers, made)
    append_opinions(answers, [opinion(about, RIGHT) for about in made])
    assert resolve_ledger(of, ledger).gold.corrected == ()
    ledger.append_splits({"c": "train", "e": "validation"})
    gold = resolve_ledger(of, ledger).gold
    assert [(c.article.id, c.split) for c in gold.corrected] == [
        ("c", "train"),
        ("e", "validation"),
    ]
    assert chats_corrected(gold) == 1
    waiting = {c.article.id: c.split for c in resolve_ledger(of, ledger).corrections.used}
    assert set(waiting) == {"c", "d", "e"}
    ledger.append_splits(waiting)
    assert len(resolve_ledger(of, ledger).gold.corrected) == 3


def test_a_pull_resolves_corrections_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {"state": str(tmp_path)}
    of, about = desk(**settings), generation("d")
    ledger, asked = open_ledger(of), []
    answers = answers_ledger(ledger)
    answers.append_articles([article("d")])
    append_generations(answers, [about])
    append_opinions(answers, [opinion(about, RIGHT)])

    def counted(*given: Any) -> Corrections:
        asked.append(given)
        return resolve_corrections(*given)

    monkeypatch.setattr(review_state, "resolve_corrections", counted)
    found = resolve.fn(of, ledger, 1)
    assert len(asked) == 1
    assert (found.new, found.opinions, found.mean_rating) == (1, 1, 2)
    assert {c.article.id: c.split for c in found.corrections.used} == ledger.splits()
    assert [c.article.id for c in resolve_ledger(of, ledger).gold.corrected] == ["d"]


def test_what_resembles_a_corrected_article_joins_its_split(tmp_path: Path) -> None:
    """Else a blind article could test a model that learned nearly the same text."""
    settings: dict[str, Any] = {"state": str(tmp_path), "review.blind_share": 0.1}
    of, about = desk(**settings), generation("c")
    ledger = open_ledger(of)
    twin = replace(article("c"), id="t", text=article("c").text + " More follows.")
    ledger.append_articles([twin, article("b")])
    ledger.append_entries([answered("t", blind=True), answered("b", blind=True)])
    assert {r.article.id: r.split for r in resolve_ledger(of, ledger).gold.reviewed} == {
        "b": "test", "t": "test",
    }  # fmt: skip
    ledger.append_splits({"c": "train"})
    answers = answers_ledger(ledger)
    answers.append_articles([article("c")])
    append_generations(answers, [about])
    append_opinions(answers, [opinion(about, RIGHT)])
    gold = resolve_ledger(of, ledger).gold
    assert {r.article.id: r.split for r in gold.reviewed} == {"b": "test", "t": "train"}
    assert [c.article.id for c in gold.corrected] == ["c"]
