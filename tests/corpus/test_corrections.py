"""Opinions of models' answers → corrections that teach: votes, ties, broken ones, splits, keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpus import review_state
from corpus.articles import Article, Response, ReviewedArticle, Split
from corpus.desk import Desk, read_desk
from corpus.instruct.answers import (
    Answer,
    Mention,
    Questions,
    in_text_order,
    read_answer,
    to_json,
    to_lines,
)
from corpus.instruct.corrections import Corrections, resolve_corrections
from corpus.instruct.opinions import (
    AnswerReview,
    Generation,
    Opinion,
    answers_ledger,
    append_generations,
    append_opinions,
    read_generations,
    read_opinions,
)
from corpus.instruct.pairs import corrected_pairs
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import (
    desk_questions,
    open_ledger,
    read_gold,
    resolve_ledger,
)
from corpus.splits import is_blind
from corpus.statements import current_statements
from flows.instruction_training import chats_corrected, training_pairs
from flows.model_store import training_key
from flows.pull_answers import resolve

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
TEXT = "Ada Reyes of Wexmoor won the {} in front of nine thousand people on a rainy Monday {}."
ADA, WEXMOOR = Mention("Ada Reyes", "person"), Mention("Wexmoor", "location")
RIGHT = Answer("Sports", (ADA, WEXMOOR))
WRONG = Answer("World", (ADA,))


def desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 1, "review.blind_share": 0, **overrides})


def article(name: str) -> Article:
    return Article(name, TEXT.format(name * 3, " ".join(f"{name}{i}" for i in range(12))), "Cup")


def generation(name: str, model: str = "m1", written: str | None = None) -> Generation:
    return Generation(name, model, 0, to_json(WRONG) if written is None else written)


def opinion(
    about: Generation,
    correction: Answer | str,
    annotator: str = "x",
    rating: int = 2,
    minutes: int = 0,
) -> Opinion:
    typed = correction if isinstance(correction, str) else to_json(correction)
    at = NOON + timedelta(minutes=minutes)
    return Opinion(about.id, annotator, "submitted", rating, typed, at)


def resolved(
    *opinions: Opinion,
    generations: tuple[Generation, ...] = (generation("a"),),
    reviewed: tuple[ReviewedArticle, ...] = (),
    known: dict[str, Split] | None = None,
    of: Desk | None = None,
) -> Corrections:
    articles = {g.article_id: article(g.article_id) for g in generations}
    review = AnswerReview(articles, {g.id: g for g in generations}, opinions)
    known = {"a": "train", "b": "train"} if known is None else known
    of = of or desk()
    return resolve_corrections(of, review, reviewed, known, desk_questions(of))


def test_a_correction_is_the_right_answer_of_its_article() -> None:
    found = resolved(opinion(generation("a"), RIGHT))
    (used,) = found.used
    assert (used.article, used.answer, used.split, used.annotators) == (
        article("a"), RIGHT, "train", 1,
    )  # fmt: skip
    assert found == Corrections(used=(used,))
    (pair,) = corrected_pairs(found.used, desk_questions(desk()))
    assert pair.messages()[-1]["content"] == to_json(RIGHT)
    assert pair.text == f"Cup\n{article('a').text}"


def test_entities_in_another_order_or_twice_are_the_same_answer() -> None:
    shuffled = Answer("Sports", (WEXMOOR, ADA, WEXMOOR))
    assert in_text_order(shuffled, article("a").text) == RIGHT
    about = generation("a")
    votes = [opinion(about, RIGHT, "x"), opinion(about, shuffled, "y"), opinion(about, WRONG, "z")]
    # The third left what the model wrote, and does not call it right.
    found = resolved(*votes)
    assert [c.answer for c in found.used] == [RIGHT]
    assert (found.used[0].annotators, found.unsaid) == (2, 1)


@pytest.mark.parametrize(
    "answer", [RIGHT, Answer("Sports", ()), Answer('S "p" 🏑', None), Answer(None, (ADA,))]
)
def test_lines_for_people_are_the_same_json(answer: Answer) -> None:
    questions = Questions(
        (answer.topic,) if answer.topic else (),
        ("person", "location") if answer.entities is not None else (),
    )
    lines = to_lines(answer)
    assert read_answer(lines, questions).answer == answer
    assert len(lines.splitlines()) >= len(answer.entities or ())


def test_ties_and_articles_that_wait_teach_nothing() -> None:
    about, other = generation("a"), Answer("Business", (ADA, WEXMOOR))
    votes = [opinion(about, RIGHT, "x"), opinion(about, other, "y")]
    assert resolved(*votes) == Corrections(tied=1)
    third = opinion(about, other, "z")
    assert [c.answer for c in resolved(*votes, third).used] == [other]
    three = desk(**{"review.min_submitted": 3})
    assert resolved(*votes, of=three) == Corrections(waiting=1)
    assert [c.answer for c in resolved(*votes, third, of=three).used] == [other]


def test_of_one_annotator_the_last_correction_of_an_article_counts() -> None:
    first, second = generation("a"), generation("a", "m2")
    votes = [opinion(second, RIGHT, minutes=5), opinion(first, Answer("Business", ()))]
    assert [c.answer for c in resolved(*votes, generations=(first, second)).used] == [RIGHT]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("{'topic': Sports}", "no JSON"),
        ('{"topic": "Sports"}', "'entities' is a required property"),
        ('{"topic": "Gossip", "entities": []}', "'Gossip' is not one of"),
        (
            '{"topic": "Sports", "entities": [{"text": "Ada", "type": "alien"}]}',
            "'alien' is not one of",
        ),
        (
            '{"topic": "Sports", "entities": [{"text": "Wexmo", "type": "location"}]}',
            "'Wexmo' does not stand in the article's text",
        ),
    ],
)
def test_a_broken_correction_is_listed_with_its_reason(typed: str, problem: str) -> None:
    about = generation("a")
    found = resolved(opinion(about, typed, "x"), opinion(about, RIGHT, "y"))
    (broken,) = found.broken
    assert problem in broken.problem
    assert (broken.opinion.annotator, broken.article.id) == ("x", "a")
    # That of somebody else is used all the same.
    assert [c.answer for c in found.used] == [RIGHT]


def test_only_the_best_rating_confirms_what_the_model_wrote() -> None:
    right = generation("a", written=to_json(RIGHT))
    left = opinion(right, RIGHT, rating=4)
    assert resolved(left, generations=(right,)) == Corrections(unsaid=1)
    confirmed = resolved(replace(left, rating=5), generations=(right,))
    assert [c.answer for c in confirmed.used] == [RIGHT]
    emptied = resolved(replace(left, rating=5, correction=" "), generations=(right,))
    assert [c.answer for c in emptied.used] == [RIGHT]
    # Left there with other blanks, it is still what the model wrote; emptied, it says nothing.
    spaced = to_json(RIGHT).replace(": ", ":")
    assert resolved(replace(left, correction=spaced), generations=(right,)).unsaid == 1
    assert resolved(replace(left, correction=" "), generations=(right,)).unsaid == 1
    inventing = generation("a", written=to_json(Answer("Sports", (Mention("Bo", "person"),))))
    left = opinion(inventing, inventing.written)
    assert resolved(left, generations=(inventing,)) == Corrections(unsaid=1)
    for correction in (inventing.written, ""):
        best = replace(left, rating=5, correction=correction)
        (broken,) = resolved(best, generations=(inventing,)).broken
        assert broken.problem == "'Bo' does not stand in the article's text"
    nothing = generation("a", written="I think it is about sports.")
    confirmed = resolved(opinion(nothing, nothing.written, rating=5), generations=(nothing,))
    assert len(confirmed.broken) == 1
    confirmed = resolved(opinion(nothing, "", rating=5), generations=(nothing,))
    assert len(confirmed.broken) == 1


def reviewed(name: str, split: Split, topic: str | None = "World") -> ReviewedArticle:
    return ReviewedArticle(article(name), topic, (), "majority", 2, 1.0, False, split)


def test_gold_wins_where_it_exists_and_a_tied_article_is_helped() -> None:
    vote = opinion(generation("a"), RIGHT)
    assert resolved(vote, reviewed=(reviewed("a", "train"),)) == Corrections(in_gold=1)
    found = resolved(vote, reviewed=(reviewed("a", "validation", topic=None),))
    assert [(c.answer, c.split) for c in found.used] == [(RIGHT, "validation")]


def test_nothing_of_the_test_split_nor_like_it_teaches() -> None:
    vote = opinion(generation("a"), RIGHT)
    assert resolved(vote, known={"a": "test"}) == Corrections(tested=1)
    tied = reviewed("a", "test", topic=None)
    assert resolved(vote, reviewed=(tied,), known={}) == Corrections(tested=1)
    twin = replace(article("a"), id="t", text=article("a").text + " More follows.")
    tested = ReviewedArticle(twin, "World", (), "majority", 2, 1.0, True, "test")
    for known in ({}, {"a": "train"}):
        found = resolved(vote, reviewed=(tested,), known=dict(known))  # type: ignore[arg-type]
        assert found == Corrections(tested=1)
    # By the desk's seed this one is shown blind, and so of test or validation.
    seed = next(s for s in range(99) if is_blind("a", 0.3, s))
    for validation in (0.0, 0.4):
        shares = {"splits.test": 0.3 - 0.2 * (validation > 0), "splits.validation": validation}
        some = desk(**{"review.blind_share": 0.3, "review.seed": seed, **shares})
        assert resolved(vote, known={}, of=some) == Corrections(tested=1)
        (used,) = resolved(vote, known={"a": "train"}, of=some).used
        assert used.split == "train"


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
