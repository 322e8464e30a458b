"""Which texts of a ledger training may see, and that they come as a stream."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corpus import ledger as ledgers
from corpus import segments
from corpus.articles import Article, Response
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.training_texts import stream_training_texts, training_splits

NOW = datetime(2031, 5, 1, tzinfo=UTC)


def article(name: str, **changes: Any) -> Article:
    return Article(**{"id": name, "text": f"text of {name}", "source": "wire.csv", **changes})


def entry(name: str, status: Any = "submitted") -> LedgerEntry:
    return LedgerEntry(Response(name, "annotator-aa", status, None, None, NOW), "0a", blind=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two of train, one each of validation and test, one that waits, two without an answer now."""
    found = Ledger(str(tmp_path), "desk")
    names = ("first", "second", "valid", "tested", "waiting", "withdrawn", "discarded")
    found.append_articles([article(name) for name in names])
    found.append_entries([entry(n) for n in names if n != "discarded"])
    found.append_entries([entry("withdrawn").buried(), entry("discarded", "discarded")])
    found.append_splits({"first": "train", "second": "train", "valid": "validation"})
    found.append_splits({"tested": "test", "withdrawn": "train", "discarded": "train"})
    return found


def test_nothing_of_the_test_and_nothing_that_may_become_it(ledger: Ledger) -> None:
    assert training_splits(ledger) == {"first": "train", "second": "train", "valid": "validation"}


def test_each_text_comes_once_also_under_a_new_licence(ledger: Ledger) -> None:
    ledger.append_articles([article("first", license="cc-by-4.0")])
    assert [a.id for a in ledger.stream_articles()].count("first") == 2
    ids = training_splits(ledger)
    found = list(stream_training_texts(ledger, ids))
    assert [a.id for a in found] == ["first", "second", "valid"]
    assert [a.text for a in found] == [f"text of {a.id}" for a in found]


def test_it_is_a_stream(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a batch of rows is made into articles before the first one is handed over."""
    made: list[str] = []
    to_article = ledgers.row_article

    def noted(row: Any) -> Article:
        made.append(row["id"])
        return to_article(row)

    monkeypatch.setattr(ledgers, "row_article", noted)
    monkeypatch.setattr(segments, "STREAMED_ROWS", 1)
    stream: Iterator[Article] = stream_training_texts(ledger, training_splits(ledger))
    assert next(stream).id == "first"
    assert made == ["first"]
    assert len(list(stream)) == 2


def test_the_stream_is_what_is_read_at_once(ledger: Ledger) -> None:
    assert {a.id: a for a in ledger.stream_articles()} == ledger.articles()
