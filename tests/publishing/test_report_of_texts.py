"""What people write beside their answers, as the annotator report shows it."""

from datetime import UTC, datetime
from typing import Any

from corpus.articles import Article, Response
from corpus.desk import read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import gather
from corpus.report.measure import measure_report, to_json
from publishing.review_report.page import report_html, report_markdown, report_sentences
from publishing.review_report.values import LONG_CHARACTERS

NOON = datetime(2031, 5, 5, 12, tzinfo=UTC)
HEADLINE = {"headline": {"type": "text", "title": "A better headline?"}}


def report_of_discard(text: str) -> dict[str, Any]:
    """Of one article that was discarded with this text."""
    desk = read_desk("desk.yaml", {"review.also_ask": HEADLINE})
    gone = Response("a", "annotator-1", "discarded", None, None, NOON, also=(("headline", text),))
    material = gather([LedgerEntry(gone, "g", False)], {"a": Article("a", "Floods")})
    return to_json(measure_report(desk, material))


def test_a_text_with_a_discard_is_not_taken_for_its_reason() -> None:
    report = report_of_discard("Ten dead in 3 floods")
    said = report_sentences(report)
    assert "One record was discarded; 1 of these comes with a text." in said["summary"]
    assert "not each says why" in " ".join(said["discards"])
    for shown in (report_html(report), report_markdown(report)):
        assert "written with it" in shown and "Ten dead in 3 floods" in shown


def test_of_a_long_text_the_beginning_is_shown() -> None:
    report = report_of_discard("| *7* " + "A" * 100_000)
    assert len(report["asked"][0]["texts"][0]["text"]) > 100_000
    for shown in (report_html(report), report_markdown(report)):
        assert shown.count("A…") == 2
        assert "A" * (LONG_CHARACTERS - 7) in shown
        assert "A" * (LONG_CHARACTERS - 6) not in shown
    just = "B" * LONG_CHARACTERS
    assert just in report_html(report_of_discard(just))
