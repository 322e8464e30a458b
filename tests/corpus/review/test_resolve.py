"""From answers to gold: votes, ties, what is counted."""

from typing import Any

import pytest

from corpus.agreement import measure_agreement
from corpus.articles import Article, Response, ScoredSpan, Span
from corpus.errors import DeskError
from corpus.gold import build_gold, measure_acceptance
from corpus.ledger_rows import LedgerEntry
from corpus.simulation import SimulatedReviewer, require_labels
from tests.corpus.review.made import ADA, NOON, answer, desk, make_articles, resolve


def test_majority_and_ties() -> None:
    two_of_three = [answer("x", "World", [ADA]), answer("y", "World", [ADA]), answer("z", "Sports")]
    found = resolve(two_of_three, True, True)
    assert (found.topic, found.spans, found.rule) == ("World", (ADA,), "majority")
    assert found.agreement == pytest.approx(2 / 3)
    tie = resolve([answer("x", "World"), answer("y", "Sports")], True, False)
    assert (tie.topic, tie.rule) == (None, "tie")
    assert resolve([answer("x", spans=[ADA]), answer("y")], True, True).spans is None
    assert resolve([answer("x", spans=[ADA])], True, True).rule == "single"


def test_discards_do_not_vote() -> None:
    discard = Response("a", "y", "discarded", None, None, NOON)
    assert resolve([answer("x"), discard], True, True).answers == 1
    with pytest.raises(ValueError, match="at least one"):
        resolve([discard], True, True)


def test_empty_pairs_do_not_inflate_span_agreement() -> None:
    nothing = [[answer(who, article=str(n)) for who in "xy"] for n in range(50)]
    half = [answer("x", spans=[ADA]), answer("y", spans=[ADA, Span(5, 8, "event")])]
    assert measure_agreement(nothing).span_f1 is None
    assert measure_agreement([half]).span_f1 == pytest.approx(2 / 3)
    assert measure_agreement([half, *nothing]).span_f1 == pytest.approx(2 / 3)


def test_answers_with_labels_the_desk_has_no_more() -> None:
    articles = {a.id: a for a in make_articles(1)}
    entries = [LedgerEntry(answer("x", "World", article="0000"), "g", True)]
    with pytest.raises(DeskError, match=r"no longer has: \['World'\]"):
        build_gold(desk(**{"labels.topics": {"Sports": "s", "Other": "o"}}), articles, entries, {})


def test_gold_knows_simulated_answers_and_the_guidelines_read() -> None:
    articles = {a.id: a for a in make_articles(1)}
    entries = [
        LedgerEntry(answer("x", article="0000", minutes=5), "new", True),
        LedgerEntry(answer("y", article="0000"), "old", True),
    ]
    gold = build_gold(desk(), articles, entries, {}, {("0000", "y"), ("0000", "z")})
    assert (gold.answers, gold.simulated) == (2, 1)
    assert gold.guidelines == ("old", "new")


def test_gold_counts_acceptance_and_waits_for_enough_answers() -> None:
    articles = {a.id: a for a in make_articles(4)}
    shown: Any = {"suggested_topic": "World", "suggested_topic_score": 0.9, "topic_agent": "m:1"}
    entries = [
        LedgerEntry(answer("x", "World", article="0000"), "g", False, **shown),
        LedgerEntry(answer("y", "Sports", article="0000"), "g", False, **shown),
        LedgerEntry(answer("x", "World", article="0001"), "g", True),
    ]
    gold = build_gold(desk(**{"review.min_submitted": 2}), articles, entries, {})
    assert gold.waiting == 1
    assert gold.unresolved == 1
    assert (gold.acceptance.topics_shown, gold.acceptance.topics_accepted) == (2, 1)
    assert gold.agents == ("m:1",)
    assert gold.acceptance.spans_shown == 0
    everyone = build_gold(desk(), articles, entries, {})
    assert [r.blind for r in everyone.reviewed] == [False, True]
    assert [r.split for r in everyone.reviewed] == ["train", "validation"]


def test_acceptance_counts_spans_one_by_one() -> None:
    bo = Span(8, 10, "person")
    shown = (ScoredSpan(0, 3, "person", 0.9), ScoredSpan(8, 10, "event", 0.4))
    answers = [answer("x", "World", (ADA, bo)), answer("y", "World", ())]
    found = measure_acceptance([LedgerEntry(a, "g", False, suggested_spans=shown) for a in answers])
    assert (found.spans_shown, found.spans_accepted) == (4, 1)
    assert found.topics_shown == 0


def test_simulated_reviewers_are_seeded_and_err_as_often_as_told() -> None:
    topics = ["World", "Sports", "Business"]
    articles = [
        Article(str(i), "Ada met Bo", topic="World", spans=(ADA, Span(8, 10, "person")))
        for i in range(2000)
    ]
    reviewer = SimulatedReviewer("x", topic_noise=0.1, span_noise=0.2, seed=7)
    answers = [reviewer.answer(a, topics, ["person", "event"]) for a in articles]
    assert answers == [reviewer.answer(a, topics, ["person", "event"]) for a in articles]
    wrong = sum(a.topic != "World" for a in answers) / len(answers)
    kept = sum(ADA in (a.spans or ()) for a in answers) / len(answers)
    assert wrong == pytest.approx(0.1, abs=0.03)
    assert kept == pytest.approx(0.8, abs=0.04)
    require_labels(articles, topics=True, spans=True)
    with pytest.raises(DeskError, match=r"'no label'.* has no spans"):
        require_labels([Article("1", "no label", topic="World")], topics=True, spans=True)
    with pytest.raises(DeskError, match="no topic"):
        reviewer.answer(Article("1", "x"), topics, [])
