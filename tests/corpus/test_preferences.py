"""Opinions → preferences: by correction, by gold, by rating, and what is no preference."""

import json
from dataclasses import replace

import pytest

from corpus.instruct.answers import Answer, to_json
from corpus.instruct.opinions import AnswerReview, Generation, Opinion
from corpus.instruct.phrasings import PHRASINGS
from corpus.instruct.preferences import Origin, Preference, RightAnswers, preferences
from corpus.review_state import desk_questions
from tests.corpus.correcting import (
    ADA,
    RIGHT,
    WEXMOOR,
    WRONG,
    article,
    desk,
    generation,
    opinion,
)

NO_JSON = "It is about sports."


def preferred(
    *opinions: Opinion,
    generations: tuple[Generation, ...],
    right: RightAnswers | None = None,
    least: int = 1,
) -> list[Preference]:
    of = desk(**{"review.min_submitted": least})
    articles = {g.article_id: article(g.article_id) for g in generations}
    review = AnswerReview(articles, {g.id: g for g in generations}, opinions)
    return preferences(of, review, right or {}, desk_questions(of))


def test_a_correction_is_preferred_to_what_the_model_wrote() -> None:
    about = generation("a")
    votes = (opinion(about, RIGHT, "x", 2), opinion(about, RIGHT, "y", 1))
    (found,) = preferred(*votes, generations=(about,), right={"a": (RIGHT, "correction")})
    assert (found.id, found.came_from, found.annotators) == ("a:m1:correction", "correction", 2)
    assert (found.chosen, found.rejected) == (to_json(RIGHT), to_json(WRONG))
    assert (found.chosen_rating, found.rejected_rating) == (None, 1.5)
    (found,) = preferred(*votes, generations=(about,), right={"a": (RIGHT, "gold")})
    assert (found.id, found.came_from) == ("a:m1:gold", "gold")
    assert preferred(*votes, generations=(about,)) == []


def test_what_says_the_same_is_not_preferred() -> None:
    shuffled = generation("a", written=to_json(Answer("Sports", (WEXMOOR, ADA))))
    vote = opinion(shuffled, RIGHT, rating=5)
    right: RightAnswers = {"a": (RIGHT, "correction")}
    assert preferred(vote, generations=(shuffled,), right=right) == []
    prose = generation("a", written=NO_JSON)
    vote = opinion(prose, RIGHT, rating=1)
    (found,) = preferred(vote, generations=(prose,), right=right)
    assert found.rejected == NO_JSON


def test_of_two_models_the_one_rated_higher_on_average_is_preferred() -> None:
    first, second = generation("a"), generation("a", "m2", to_json(RIGHT))
    votes = [
        opinion(first, "", "x", 3),
        opinion(first, "", "y", 2),
        opinion(second, "", "x", 2),
        opinion(second, "", "z", 4),
    ]
    (found,) = preferred(*votes, generations=(first, second))
    assert (found.id, found.came_from) == ("a:m2>m1", "rating")
    assert (found.chosen, found.rejected) == (to_json(RIGHT), to_json(WRONG))
    assert (found.chosen_rating, found.rejected_rating, found.annotators) == (3.0, 2.5, 3)
    level = [*votes[:3], replace(votes[3], rating=3)]
    assert preferred(*level, generations=(first, second)) == []
    # The same answer in other words of JSON.
    same = replace(second, written=to_json(WRONG).replace(": ", ":"))
    assert preferred(*votes, generations=(first, same)) == []


@pytest.mark.parametrize(
    ("rated", "count"),
    [((3, NO_JSON, 2), 0), ((2, NO_JSON, 3), 1), ((2, '{"topic": 1}', 3), 1)],
)
def test_what_keeps_no_schema_is_never_preferred(rated: tuple[int, str, int], count: int) -> None:
    rating, written, other = rated
    first, second = generation("a", written=written), generation("a", "m2")
    votes = [opinion(first, "", rating=rating), opinion(second, "", rating=other)]
    found = preferred(*votes, generations=(first, second))
    assert [p.rejected for p in found] == [written] * count


@pytest.mark.parametrize("origin", ["correction", "gold"])
def test_ratings_do_not_outvote_the_right_answer(origin: Origin) -> None:
    first, second = generation("a"), generation("a", "m2", to_json(RIGHT))
    votes = [opinion(first, "", rating=4), opinion(second, "", rating=3)]
    (found,) = preferred(*votes, generations=(first, second))
    assert (found.id, found.rejected) == ("a:m1>m2", to_json(RIGHT))
    (found,) = preferred(*votes, generations=(first, second), right={"a": (RIGHT, origin)})
    assert (found.came_from, found.chosen, found.rejected) == (
        origin, to_json(RIGHT), to_json(WRONG),
    )  # fmt: skip
    # Of two that are wrong one is still better.
    other: RightAnswers = {"a": (Answer("Business", ()), origin)}
    found = preferred(*votes, generations=(first, second), right=other)[-1]
    assert found.id == "a:m1>m2"


def test_answers_are_compared_where_the_prompt_was_the_same() -> None:
    first, second = generation("a"), generation("a", "m2", to_json(RIGHT))
    votes = [opinion(first, "", rating=2), opinion(second, "", rating=3)]
    asked = replace(second, phrasing=3)
    assert preferred(*votes, generations=(first, asked)) == []
    questions = desk_questions(desk())
    for phrasing in range(len(PHRASINGS["both"])):
        pair = (replace(first, phrasing=phrasing), replace(second, phrasing=phrasing))
        found = preferred(*votes, generations=pair, right={"a": (RIGHT, "gold")})
        assert [p.came_from for p in found] == ["gold", "rating"]
        for row in (p.row(questions, "train") for p in found):
            assert row["prompt"][1]["content"].endswith(PHRASINGS["both"][phrasing])


def test_an_answer_that_waits_for_more_ratings_is_not_compared() -> None:
    first, second = generation("a"), generation("a", "m2", to_json(RIGHT))
    votes = [opinion(first, "", "x", 2), opinion(first, "", "y", 2), opinion(second, "", "x", 5)]
    assert preferred(*votes, generations=(first, second), least=2) == []
    drafted = replace(opinion(second, "", "y", 5), status="draft")
    assert preferred(*votes, drafted, generations=(first, second), least=2) == []
    given = replace(drafted, status="submitted")
    assert len(preferred(*votes, given, generations=(first, second), least=2)) == 1


def test_a_row_has_the_prompt_of_the_training_and_who_won() -> None:
    about = generation("a")
    vote = opinion(about, RIGHT)
    (found,) = preferred(vote, generations=(about,), right={"a": (RIGHT, "correction")})
    row = found.row(desk_questions(desk()), "train")
    assert [m["role"] for m in row["prompt"]] == ["system", "user"]
    assert article("a").text in row["prompt"][1]["content"]
    assert row["chosen"] == [{"role": "assistant", "content": to_json(RIGHT)}]
    assert row["rejected"] == [{"role": "assistant", "content": to_json(WRONG)}]
    assert json.loads(json.dumps(row)) == row
    assert (row["split"], row["rejected_model"], row["chosen_model"]) == ("train", "m1", None)
