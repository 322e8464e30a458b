"""Simulated reviewers with a pull that is put in."""

import pytest

from benchmarks.pulled_review import TOPICS, TYPES
from corpus.articles import Article, Prediction, ScoredSpan, Span
from corpus.desk import read_desk
from corpus.simulation import SimulatedReviewer
from tests.corpus.suggestions.made import ADA, BO, reviewer


def test_pulled_reviewers_take_what_is_shown() -> None:
    article = Article("a", "Ada met Bo", topic="World", spans=(ADA, BO))
    shown = Prediction("a", "Sports", 0.9, "m", (ScoredSpan(0, 7, "location", 0.9),), "m")
    assert reviewer(0).answer(article, TOPICS, TYPES, shown).topic == "World"
    assert reviewer(0).answer(article, TOPICS, TYPES, shown).spans == (ADA, BO)
    taken = reviewer(1).answer(article, TOPICS, TYPES, shown)
    # Ada's own span is where another was suggested; Bo's was not suggested.
    assert (taken.topic, taken.spans) == ("Sports", (Span(0, 7, "location"),))
    nothing = Prediction("a")
    assert reviewer(1).answer(article, TOPICS, TYPES, nothing).spans == (ADA, BO)
    assert reviewer(1).answer(article, TOPICS, TYPES).topic == "World"
    none_there = Prediction("a", spans=())
    assert reviewer(1).answer(article, TOPICS, TYPES, none_there).spans == ()


def test_the_pull_is_as_strong_as_told_and_leaves_the_own_answer_alone() -> None:
    articles = [Article(str(n), "Ada met Bo", topic="World", spans=(ADA, BO)) for n in range(2000)]
    shown = Prediction("", "Sports", 0.9, "m", (ScoredSpan(0, 3, "event", 0.9),), "m")
    answers = [reviewer(0.3).answer(a, TOPICS, TYPES, shown) for a in articles]
    assert answers == [reviewer(0.3).answer(a, TOPICS, TYPES, shown) for a in articles]
    for share in (
        sum(a.topic == "Sports" for a in answers),
        sum(Span(0, 3, "event") in (a.spans or ()) for a in answers),
        sum(BO not in (a.spans or ()) for a in answers),
    ):
        assert share / len(answers) == pytest.approx(0.3, abs=0.035)
    noisy = [SimulatedReviewer("x", 0.2, 0.2, 7, pull) for pull in (0.0, 0.9)]
    alone, pulled = ([r.answer(a, TOPICS, TYPES) for a in articles] for r in noisy)
    assert alone == pulled


def test_a_pull_outside_0_and_1_is_refused() -> None:
    assert read_desk("desk.yaml").simulation.pull == 0
    with pytest.raises(Exception, match=r"simulation\.pull"):
        read_desk("desk.yaml", {"simulation.pull": 1.5})
