"""What is left open, counted without names, and what an adjudicator's word changes in gold."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import corpus.review_state
from corpus.adjudication import (
    AGENT,
    adjudicating,
    adjudication_ledger,
    adjudicators_of,
    most_frequent,
    open_tallies,
)
from corpus.articles import Article, Response, Span, Status
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.gold import Gold, build_gold
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import (
    find_open,
    open_ledger,
    read_gold,
    read_resolved,
    read_reviewed,
    resolve_ledger,
)

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA, ADA_LONG, ROME = Span(0, 3, "person"), Span(0, 9, "person"), Span(18, 22, "location")
WORDS = [f"w{n}" for n in range(300)]
FINAL = "annotator-ffffffff"


def made_desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 2, **overrides})


def say(
    article: str, who: str, topic: str | None, spans: tuple[Span, ...] | None = (),
    minutes: int = 0, status: Status = "submitted", suggested: str | None = None,
) -> LedgerEntry:  # fmt: skip
    at = NOON + timedelta(minutes=minutes)
    response = Response(article, who, status, topic, spans, at)
    return LedgerEntry(response, "g1", blind=True, suggested_topic=suggested)


def articles(*names: str) -> dict[str, Article]:
    dice = random.Random(1)
    return {n: Article(n, "Ada Reyes came to Rome. " + " ".join(dice.choices(WORDS, k=30)))
            for n in names}  # fmt: skip


DIFFERENT = [
    say("topics", "a", "World", (ROME,)),
    say("topics", "b", "Sports", (ROME,)),
    say("spans", "a", "World", (ADA,)),
    say("spans", "b", "World", (ADA_LONG, ROME)),
    say("agreed", "a", "World"),
    say("agreed", "b", "World"),
    say("waiting", "a", "World"),
    say("waiting", "b", "Sports", status="discarded"),
]
LABELS = made_desk().labels
KNOWN = articles("topics", "spans", "agreed", "waiting")


def gold(*final: LedgerEntry, **overrides: object) -> Gold:
    return build_gold(
        made_desk(**overrides), KNOWN, [*DIFFERENT, *final], {}, adjudicators=adjudicators_of(final)
    )


def test_what_ties_is_open_and_is_counted() -> None:
    found = open_tallies(
        gold().reviewed, [*DIFFERENT, say("agreed", "c", "World", minutes=-9)], LABELS
    )
    assert set(found) == {"topics", "spans"}
    topics, spans = found["topics"], found["spans"]
    assert (topics.topic, topics.spans, topics.chose) == (None, (ROME,), 2)
    assert topics.topics == {"Sports": 1, "World": 1} and topics.marks == {ROME: 2}
    assert (spans.topic, spans.spans, spans.looked) == ("World", None, 2)
    assert spans.marks == {ADA: 1, ADA_LONG: 1, ROME: 1} and topics.blind
    # The tally knows no names at all.
    assert "annotator" not in repr(found) and "'a'" not in repr(found)


def test_the_most_frequent_answer_is_suggested() -> None:
    tally = open_tallies(gold().reviewed, DIFFERENT, LABELS)["spans"]
    said = most_frequent(tally)
    assert (said.topic, said.topic_score, said.topic_agent, said.spans_agent) == (
        "World", 1.0, AGENT, AGENT,
    )  # fmt: skip
    # Of overlapping marks the longest, since both have one vote.
    assert [s.span() for s in said.spans or ()] == [ADA_LONG, ROME]
    assert [s.score for s in said.spans or ()] == [0.5, 0.5]
    more = replace(tally, looked=3, marks={ADA: 2, ADA_LONG: 1, ROME: 1})
    assert [s.span() for s in most_frequent(more).spans or ()] == [ADA]
    none = replace(tally, chose=0, topics={}, topic=None, looked=0, marks={})
    assert (most_frequent(none).topic, most_frequent(none).spans) == (None, None)


def test_marks_that_may_overlap_are_all_suggested() -> None:
    overlapping = {"labels.overlapping": True}
    desk = made_desk(**overlapping)
    tally = open_tallies(gold(**overlapping).reviewed, DIFFERENT, desk.labels)["spans"]
    assert [s.span() for s in most_frequent(tally).spans or ()] == [ADA, ADA_LONG, ROME]


def test_equal_topics_are_drawn_by_lot_and_no_label_is_preferred() -> None:
    tally = open_tallies(gold().reviewed, DIFFERENT, LABELS)["topics"]
    drawn = Counter(
        most_frequent(replace(tally, article=replace(tally.article, id=f"{n}"))).topic
        for n in range(400)
    )
    assert set(drawn) == {"World", "Sports"} and 150 < drawn["World"] < 250
    assert len({most_frequent(tally).topic for _ in range(5)}) == 1
    behind = replace(tally, topics={"Sports": 2, "World": 1, "Business": 1}, chose=4)
    assert (most_frequent(behind).topic, most_frequent(behind).topic_score) == ("Sports", 0.5)


def test_a_tied_one_of_several_topics_is_not_suggested() -> None:
    """Whoever presses Enter on what is suggested would include it, and annotators are undecided."""
    tally = replace(
        open_tallies(gold().reviewed, DIFFERENT, LABELS)["topics"],
        several=True, chose=4, topics={"World": 3, "Sports": 2, "Business": 1},
    )  # fmt: skip
    assert [t.name for t in most_frequent(tally).topics or ()] == ["World"]
    odd = replace(tally, chose=3, topics={"World": 2, "Sports": 1})
    assert [t.name for t in most_frequent(odd).topics or ()] == ["World"]
    assert most_frequent(replace(tally, topics={"Sports": 2})).topics == ()


def test_an_adjudicator_decides_and_no_figure_of_the_work_counts_it() -> None:
    before = gold()
    assert before.rules == {"majority": 1, "tie": 2}
    after = gold(say("topics", FINAL, "Business", (), suggested="Business"))
    (row,) = (r for r in after.reviewed if r.article.id == "topics")
    assert (row.topic, row.spans, row.rule, row.answers) == ("Business", (), "adjudicated", 2)
    # How many of the annotators' answers are right, now that it is known: none.
    assert row.agreement == 0.0
    assert after.rules == {"adjudicated": 1, "majority": 1, "tie": 1}
    for name in ("waiting", "answers", "annotators", "agreement", "acceptance", "agents"):
        assert getattr(after, name) == getattr(before, name)
    splits = {r.article.id: r.split for r in before.reviewed}
    assert {r.article.id: r.split for r in after.reviewed} == splits


@pytest.mark.parametrize("status", ["discarded", "draft", "deleted"])
def test_only_a_submitted_adjudication_decides(status: Status) -> None:
    assert gold(say("topics", FINAL, "Business", status=status)) == gold()


def test_an_edit_counts_and_a_word_on_what_is_not_ready_does_not() -> None:
    first, second = say("topics", FINAL, "World"), say("topics", FINAL, "Sports", minutes=1)
    assert {r.topic for r in gold(first, second).reviewed if r.rule == "adjudicated"} == {"Sports"}
    assert gold(say("waiting", FINAL, "World"), say("gone", FINAL, "World")).rules == gold().rules
    # Of two adjudicators who differ it stays open; of three the majority decides.
    others = [say("topics", f"annotator-eeeeeee{n}", "Sports") for n in (1, 2)]
    assert gold(first, others[0]).rules == gold().rules
    assert gold(first, *others).rules["adjudicated"] == 1


def differing(folder: object) -> tuple[Desk, Ledger]:
    """A desk whose ledger holds answers that differ."""
    desk = made_desk(state=str(folder))
    ledger = open_ledger(desk)
    ledger.append_articles(KNOWN.values())
    ledger.append_entries(DIFFERENT)
    return desk, ledger


def test_the_ledgers_come_together(tmp_path: object) -> None:
    """The same person under both roles: what they said as an annotator stays an answer."""
    desk, ledger = differing(tmp_path)
    assert set(find_open(desk, resolve_ledger(desk, ledger))) == {"topics", "spans"}
    beside = adjudication_ledger(ledger)
    beside.append_entries([say("topics", FINAL, "World", (ROME,)), say("spans", FINAL, "World")])
    assert read_gold(desk).rules == {"adjudicated": 2, "majority": 1}
    assert len(beside.entries()) == 2 and len(ledger.entries()) == len(DIFFERENT)
    # Open is what annotators left, whatever was decided since; a discard opens it again.
    assert set(find_open(desk, resolve_ledger(desk, ledger))) == {"topics", "spans"}
    beside.append_entries([say("spans", FINAL, None, None, 5, "discarded")])
    assert resolve_ledger(desk, ledger).gold.rules == {"adjudicated": 1, "majority": 1, "tie": 1}
    ledger.append_entries([say("topics", "c", "Sports", (ROME,), 6)])
    found = find_open(desk, resolve_ledger(desk, ledger))
    assert set(found) == {"spans"} and not found["spans"].overlaps
    overlapping = made_desk(state=str(tmp_path), **{"labels.overlapping": True})
    assert find_open(overlapping, resolve_ledger(overlapping, ledger))["spans"].overlaps


def test_what_a_pull_appends_meanwhile_is_for_the_next_load(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is gone would leave its article undecided; a new article has no text yet."""
    desk, _ = differing(tmp_path)
    late = Article("late", "Late news.")
    gone = [
        say("topics", "b", None, None, 5, "deleted"),
        say("spans", "a", None, None, 5, "deleted"),
    ]
    meanwhile = [*gone, say("late", "a", "World"), say("late", "b", "World")]
    read = Ledger.articles

    def read_late(self: Ledger) -> dict[str, Article]:
        found = read(self)
        if not meanwhile:
            return found
        self.append_articles([late])
        self.append_entries([meanwhile.pop() for _ in list(meanwhile)])
        return found

    monkeypatch.setattr(Ledger, "articles", read_late)
    resolved = read_resolved(desk)
    assert not meanwhile
    assert set(find_open(desk, resolved)) == {"topics", "spans"}
    assert set(find_open(desk, read_resolved(desk))) == set()


def test_no_answer_is_published_without_the_gold_it_was_resolved_to(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, ledger = differing(tmp_path)
    build = corpus.review_state.build_gold

    def append_and_build(*args: Any) -> Gold:
        found = build(*args)
        ledger.append_entries([say("agreed", "c", "Sports", minutes=9)])
        return found

    monkeypatch.setattr(corpus.review_state, "build_gold", append_and_build)
    review = read_reviewed(desk)
    assert review.gold.answers == sum(e.status == "submitted" for e in review.answers) == 7


def test_no_desk_is_called_as_the_adjudication_of_another() -> None:
    with pytest.raises(DeskError) as error:
        made_desk(name="weekly-adjudication")
    assert "what adjudicators of desk 'weekly' decide" in error.value.problem
    assert adjudicating(made_desk(name="weekly")).name == "weekly-adjudication"
