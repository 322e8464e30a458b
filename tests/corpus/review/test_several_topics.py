"""Several topics an article: answers, gold, agreement, and what the ledger holds of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.adjudication import adjudication_ledger, most_frequent, open_tallies
from corpus.agreement import measure_agreement
from corpus.articles import (
    Article,
    Prediction,
    Response,
    ScoredSpan,
    ScoredTopic,
    Span,
    chosen_topics,
)
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.gold import build_gold
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry, entry_row, row_entry
from corpus.resolve import Resolution, resolve_articles
from corpus.review_state import find_open, open_ledger, resolve_ledger
from corpus.suggestions.cases import topic_cases
from corpus.suggestions.hidden import HiddenPrediction, append_hidden, read_hidden
from corpus.votes.rules import Policy, Rule
from tests.corpus.review.made import NOON, make_articles

SEVERAL = {"labels.several_topics": True, "review.min_submitted": 2}


def said(who: str, *topics: str, article: str = "a") -> Response:
    return Response(article, who, "submitted", None, (), NOON, tuple(sorted(topics)))


def resolved(*responses: Response, rule: Rule = "majority") -> Resolution:
    found = resolve_articles({"a": responses}, True, False, Policy(rule), several_topics=True)
    return found["a"]


def several_desk(**changes: object) -> Desk:
    return read_desk("desk.yaml", SEVERAL | changes)


def test_a_topic_is_gold_that_more_than_half_chose() -> None:
    found = resolved(said("a", "World", "Sports"), said("b", "World"), said("c", "Sports", "World"))
    assert (found.topic, found.topics, found.rule) == (None, ("Sports", "World"), "majority")
    # Two of three gave exactly this set.
    assert found.agreement == pytest.approx(2 / 3)


def test_that_no_topic_fits_is_an_answer_and_can_be_gold() -> None:
    assert resolved(said("a")).topics == ()
    found = resolved(said("a"), said("b"), said("c", "World"))
    assert (found.topics, found.rule) == ((), "majority")


def test_a_topic_with_exactly_one_half_is_a_tie_of_the_article() -> None:
    found = resolved(said("a", "World", "Sports"), said("b", "World"))
    assert (found.topics, found.rule) == (None, "tie")
    assert resolved(said("a", "World"), said("b")).rule == "tie"


def test_dawid_skene_weighs_each_topic() -> None:
    answers = {
        f"{n}": [
            said("a", "World", article=f"{n}"),
            said("b", "World", article=f"{n}"),
            said("bad", "Sports", article=f"{n}"),
        ]
        for n in range(8)
    }
    found = resolve_articles(answers, True, False, Policy("dawid-skene"), several_topics=True)
    assert {r.topics for r in found.values()} == {("World",)}
    assert {r.rule for r in found.values()} == {"dawid-skene"}


def test_one_topic_of_earlier_answers_counts_as_a_set_of_one() -> None:
    one = replace(said("a"), topic="World", topics=None)
    assert resolved(one, said("b", "World")).topics == ("World",)


def entries(*responses: Response, shown: Sequence[ScoredTopic] | None = None) -> list[LedgerEntry]:
    topics = None if shown is None else tuple(shown)
    return [
        LedgerEntry(r, "g1", False, topic_agent="m:1", suggested_topics=topics) for r in responses
    ]


def test_gold_counts_each_kept_topic_and_refuses_topics_the_desk_no_longer_has() -> None:
    (article,) = make_articles(1)
    identifier = article.id
    both = (said("a", "World", article=identifier), said("b", "World", article=identifier))
    shown = [ScoredTopic("World", 0.9), ScoredTopic("Sports", 0.6)]
    gold = build_gold(several_desk(), {identifier: article}, entries(*both, shown=shown), {})
    assert [(r.topic, r.topics) for r in gold.reviewed] == [(None, ("World",))]
    assert (gold.acceptance.topics_shown, gold.acceptance.topics_accepted) == (4, 2)
    gone = several_desk(**{"labels.topics": {"Arts": "a", "Sports": "b"}})
    with pytest.raises(DeskError, match="World"):
        build_gold(gone, {identifier: article}, entries(*both), {})


def test_a_desk_that_asks_for_one_topic_again_is_told_about_its_answers() -> None:
    (article,) = make_articles(1)
    given_ = entries(said("a", "World", "Sports", article=article.id))
    with pytest.raises(DeskError, match=r"several topics.*labels\.several_topics"):
        build_gold(read_desk("desk.yaml"), {article.id: article}, given_, {})


def test_agreement_is_of_whole_sets_and_by_jaccards_distance() -> None:
    same, near = said("a", "World", "Sports"), said("b", "World")
    other = [replace(r, article_id="b") for r in (said("a"), said("b"))]
    found = measure_agreement([[same, near], other])
    assert found.topic_percent == 0.5
    # Half of {World, Sports} and {World} is shared, so alpha is above that of unequal names.
    names = {frozenset(("World", "Sports")): "x", frozenset(("World",)): "y", frozenset(): "z"}
    as_names = [
        [replace(r, topics=None, topic=names[frozenset(r.topics or ())]) for r in group]
        for group in ([same, near], other)
    ]
    nominal = measure_agreement(as_names)
    assert nominal.topic_percent == 0.5
    assert (found.topic_alpha or 0) > (nominal.topic_alpha or 0)


def test_adjudicators_are_told_of_each_topic_and_get_those_of_more_than_half() -> None:
    (article,) = make_articles(1)
    given_ = entries(
        said("a", "World", "Sports", article=article.id), said("b", "World", article=article.id)
    )
    gold = build_gold(several_desk(), {article.id: article}, given_, {})
    (tally,) = open_tallies(gold.reviewed, given_, several_desk().labels).values()
    assert (tally.chose, dict(tally.topics)) == (2, {"World": 2, "Sports": 1})
    assert tally.topic_is_open
    suggested = most_frequent(tally)
    assert suggested.topic is None
    assert suggested.topics == (ScoredTopic("World", 1.0),)


def test_what_an_adjudicator_decided_is_as_open_as_annotators_left_it(tmp_path: Path) -> None:
    """Else a second load would tell the next adjudicator what the first one said."""
    (article,) = make_articles(1)
    desk = several_desk(state=str(tmp_path), **{"labels.entities": {}})
    ledger = open_ledger(desk)
    ledger.append_articles([article])
    answers = said("a", "World", article=article.id), said("b", "Sports", article=article.id)
    ledger.append_entries(entries(*answers))
    final = said("annotator-ffffffff", "Business", article=article.id)
    adjudication_ledger(ledger).append_entries(entries(final))
    resolved = resolve_ledger(desk, ledger)
    assert [(r.topics, r.rule) for r in resolved.gold.reviewed] == [(("Business",), "adjudicated")]
    (tally,) = find_open(desk, resolved).values()
    assert tally.topic_is_open and tally.decided_topics is None
    assert dict(tally.topics) == {"World": 1, "Sports": 1}
    assert most_frequent(tally).topics == ()


def test_what_is_hidden_from_blind_articles_holds_several_topics(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    topics = (ScoredTopic("World", 0.9), ScoredTopic("Sports", 0.55))
    hidden = Prediction("a", topic_agent="m:1", topics=topics)
    assert append_hidden(ledger, [hidden], NOON) == 1
    assert append_hidden(ledger, [hidden], NOON) == 0
    assert read_hidden(ledger) == {"a": [HiddenPrediction(hidden, NOON)]}
    blind = [replace(e, blind=True) for e in entries(said("a", "World"))]
    cases = topic_cases(blind, read_hidden(ledger))
    assert [(c.score, c.shown, c.count) for c in cases] == [(0.9, False, 1), (0.55, False, 0)]


NAMES = st.text(min_size=1, max_size=6)
SCORES = st.none() | st.floats(0, 1)
SPANS = st.builds(
    lambda start, length, label: (start, start + length, label),
    st.integers(0, 99),
    st.integers(1, 9),
    NAMES,
)


@st.composite
def ledger_entries(draw: st.DrawFn) -> LedgerEntry:
    """Of either kind of desk, submitted or not, with any suggestion or none."""
    several = draw(st.booleans())
    spans = draw(st.none() | st.lists(SPANS, max_size=3))
    shown = draw(st.none() | st.lists(st.tuples(SPANS, st.floats(0, 1)), max_size=3))
    response = Response(
        article_id=draw(NAMES),
        annotator=draw(NAMES),
        status=draw(st.sampled_from(("submitted", "discarded", "draft", "deleted"))),
        topic=None if several else draw(st.none() | NAMES),
        spans=None if spans is None else tuple(Span(*s) for s in spans),
        answered_at=draw(st.datetimes(datetime(2000, 1, 1))).replace(tzinfo=NOON.tzinfo),
        topics=draw(st.none() | st.lists(NAMES, max_size=4).map(tuple)) if several else None,
    )
    suggested = draw(st.none() | st.lists(st.tuples(NAMES, SCORES), max_size=4))
    return LedgerEntry(
        response,
        guidelines=draw(NAMES),
        blind=draw(st.booleans()),
        suggested_topic=None if several else draw(st.none() | NAMES),
        suggested_topic_score=None if several else draw(SCORES),
        topic_agent=draw(st.text(max_size=6)),
        suggested_spans=None if shown is None else tuple(ScoredSpan(*s, p) for s, p in shown),
        spans_agent=draw(st.text(max_size=6)),
        suggested_topics=None
        if suggested is None or not several
        else tuple(ScoredTopic(*topic) for topic in suggested),
    )


@given(ledger_entries())
def test_rows_of_the_ledger_give_back_every_answer(entry: LedgerEntry) -> None:
    row = entry_row(entry)
    assert row_entry(row) == entry
    # An earlier Copydesk wrote no several topics.
    earlier = {k: v for k, v in row.items() if k not in ("topics", "suggested_topics")}
    if entry.response.topics is None and entry.suggested_topics is None:
        assert row_entry(earlier) == entry


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ledger_entries(), max_size=4))
def test_parquet_gives_back_every_answer(tmp_path: Path, found: list[LedgerEntry]) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    rows = [entry_row(entry) for entry in found]
    before = len(ledger.rows("kept"))
    ledger.append("kept", rows)
    assert [row_entry(row) for row in ledger.rows("kept")[before:]] == found


def test_one_or_several_or_nothing() -> None:
    assert chosen_topics(Article("a", "t")) is None
    assert chosen_topics(Article("a", "t", topic="World")) == ("World",)
    assert chosen_topics(Article("a", "t", topics=())) == ()
