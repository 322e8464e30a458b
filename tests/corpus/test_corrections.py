"""Opinions of models' answers → corrections that teach: votes, ties, broken ones, splits."""

from dataclasses import replace

import pytest

from corpus.articles import ReviewedArticle
from corpus.instruct.answers import (
    Answer,
    Mention,
    Questions,
    in_text_order,
    read_answer,
    to_json,
    to_lines,
)
from corpus.instruct.corrections import Corrections
from corpus.instruct.pairs import corrected_pairs
from corpus.review_state import desk_questions
from corpus.splits import is_blind
from tests.corpus.correcting import (
    ADA,
    RIGHT,
    WEXMOOR,
    WRONG,
    article,
    desk,
    generation,
    opinion,
    resolved,
    reviewed,
)


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
