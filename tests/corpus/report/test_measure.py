"""The whole report of a ledger."""

from pathlib import Path

import pytest

from corpus.adjudication import adjudication_ledger
from corpus.articles import Article
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.report.measure import read_report, to_json
from corpus.review_state import resolve_ledger
from tests.corpus.report.made import A, B, C, gone, said


def test_too_few_articles_state_nothing(tmp_path: Path, desk: Desk) -> None:
    ledger = Ledger(str(tmp_path), desk.name)
    with pytest.raises(DeskError, match="has no answer in its ledger"):
        read_report(desk, ledger)
    ledger.append_entries([said(f"{n}", who) for n in range(4) for who in (A, B)])
    ledger.set_cursor({"records": "7"})
    found = read_report(desk, ledger)
    assert found.agreement.topics is not None
    assert (found.agreement.topics.overall.articles, found.agreement.topics.overall.values) == (
        4,
        {},
    )
    assert (found.progress.records, found.progress.untouched) == (7, 3)
    ledger.append_entries([said("4", who) for who in (A, B)])
    enough = read_report(desk, ledger).agreement.topics
    assert enough is not None
    percent = enough.overall.values["percent"]
    assert percent.value == 1 and percent.low < 0.8
    plain = to_json(found)
    assert plain["drift"]["revisions"][0]["topic_percent"] is None


def test_what_an_adjudicator_decided_is_no_tie_any_more(tmp_path: Path, desk: Desk) -> None:
    """As a pull counts it; a decision that was discarded leaves the question open."""
    ledger = Ledger(str(tmp_path), desk.name)
    ledger.append_articles([Article(name, f"About {name}.") for name in ("one", "two", "three")])
    for name in ("one", "two"):
        ledger.append_entries([said(name, A, "World"), said(name, B, "Sports")])
    ledger.append_entries([said("three", A)])
    beside = adjudication_ledger(ledger)
    beside.append_entries([said("one", C, "World"), gone("two", C), said("three", C, "Sports")])
    found, gold = read_report(desk, ledger).progress, resolve_ledger(desk, ledger).gold
    assert (found.reviewed, found.ties, found.waiting) == (1, 1, 1)
    assert (gold.rules, gold.waiting) == ({"adjudicated": 1, "tie": 1}, 1)
    assert (found.answers, found.people) == (gold.answers, gold.annotators) == (5, 2)
