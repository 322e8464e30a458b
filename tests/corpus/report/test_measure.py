"""The whole report of a ledger."""

from pathlib import Path

import pytest

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.report.measure import read_report, to_json
from tests.corpus.report.made import A, B, said


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
