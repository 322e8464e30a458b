"""Hidden predictions are what Argilla would have shown, so that both can be compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from argilla_settings.records import to_record
from argilla_settings.suggestions import as_shown
from corpus.articles import Article, Prediction, ScoredSpan
from corpus.desk import read_desk
from corpus.review_state import open_ledger
from corpus.suggestions.hidden import read_hidden
from flows.hidden_predictions import keep_hidden
from flows.load_news import log_batch

TEXT = "👩 Ada met Bo"
FIRST, LAST = ScoredSpan(2, 5, "person", 0.912345), ScoredSpan(10, 12, "person", 0.5)
SAID = Prediction("a", "World", 0.8123, "source:Harbour–Post", (FIRST, LAST), "org/model@12ab")


def test_names_scores_and_spans_are_those_that_argilla_takes() -> None:
    shown = as_shown(SAID)
    assert (shown.topic_agent, shown.spans_agent) == ("source:Harbour_Post", "org/model_12ab")
    assert shown.spans == (ScoredSpan(2, 5, "person", 0.9123), LAST)
    assert as_shown(Prediction("a")) == Prediction("a")


def test_a_blind_record_holds_nothing_of_the_prediction() -> None:
    article = Article("a", TEXT, title="T", source="Harbour Post")
    record = to_record(article, SAID, blind=True)
    assert list(record.suggestions) == []
    assert dict(record.metadata) == {"source": "Harbour Post", "blind": "yes"}


def test_what_is_kept_is_kept_once(tmp_path: Path) -> None:
    desk = read_desk("desk.yaml", {"state": str(tmp_path)})
    blind = [Article("a", TEXT), Article("b", TEXT)]
    assert keep_hidden(desk, blind, {"a": SAID}) == 1
    assert keep_hidden(desk, blind, {"a": SAID}) == 0
    (kept,) = read_hidden(open_ledger(desk))["a"]
    assert kept.prediction == as_shown(SAID)


def test_a_kill_before_the_records_are_logged_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = read_desk("desk.yaml", {"state": str(tmp_path), "review.blind_share": 0.5})
    articles = [Article(f"{n}", TEXT) for n in range(20)]
    predictions = {a.id: replace(SAID, article_id=a.id) for a in articles}

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.load_news.log_records", killed)
    with pytest.raises(KeyboardInterrupt):
        log_batch.fn(desk, None, articles, predictions, {})  # type: ignore[arg-type]
    hidden = read_hidden(open_ledger(desk))
    assert 0 < len(hidden) < 20
    monkeypatch.setattr("flows.load_news.log_records", lambda *_: None)
    assert log_batch.fn(desk, None, articles, predictions, {}) == len(hidden)  # type: ignore[arg-type]
    assert read_hidden(open_ledger(desk)) == hidden
