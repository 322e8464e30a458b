"""The annotator report of a desk with several topics an article."""

from datetime import timedelta

from corpus.articles import Response, ScoredTopic
from corpus.desk import read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import gather
from corpus.report.measure import measure_report, to_json
from publishing.review_report.page import report_html, report_markdown, report_sentences
from tests.corpus.review.made import NOON, make_articles

TOPICS = ("World", "Sports")
DESK = read_desk("desk.yaml", {"labels.several_topics": True, "review.min_submitted": 2})


def entries() -> list[LedgerEntry]:
    """Two people, two revisions of the guidelines; of every third article one leaves Sports out."""
    found = []
    for number, article in enumerate(make_articles(24)):
        for who in ("annotator-1", "annotator-2"):
            topics = () if number % 4 == 0 else TOPICS
            if number % 3 == 0 and who == "annotator-2":
                topics = tuple(t for t in topics if t != "Sports")
            at = NOON + timedelta(days=number // 12, minutes=number)
            response = Response(article.id, who, "submitted", None, (), at, tuple(sorted(topics)))
            shown = (ScoredTopic("World", 0.75),)
            found.append(LedgerEntry(response, f"g{number // 12}", False, topic_agent="m:1",
                                     suggested_topics=shown))  # fmt: skip
    return found


def test_every_part_takes_sets_or_says_that_it_does_not() -> None:
    material = gather(entries(), {a.id: a for a in make_articles(24)})
    report = to_json(measure_report(DESK, material))
    assert report["topics"] is None
    overall = report["agreement"]["topics"]["overall"]["values"]
    # 18 articles have both topics from the first; 6 of them lack Sports from the second.
    assert overall["f1_exact"]["value"] == 2 * 30 / 66
    assert overall["percent"]["value"] == 18 / 24
    assert "f1_overlap" not in overall
    assert 0 < overall["krippendorff_alpha"]["value"] < 1
    assert {p["names"][0] for p in report["agreement"]["topics"]["labels"]} == set(TOPICS)
    assert report["suggestions"]["topics"]["acceptance"]["kept"]["value"] == 36 / 48
    assert report["suggestions"]["agreement_shown"]["records"] == 24
    first, second = report["drift"]["revisions"]
    assert first["topic_percent"]["value"] == second["topic_percent"]["value"] == 9 / 12
    (change,) = report["drift"]["changes"]
    assert [d["what"] for d in change["topics"]][:2] == list(DESK.labels.topics)[:2]
    assert report["periods"]["periods"][0]["topics"]["World"]["value"] == 18 / 33


def test_its_pages_name_what_they_show() -> None:
    material = gather(entries(), {a.id: a for a in make_articles(24)})
    report = to_json(measure_report(DESK, material))
    said = "which topic stands in the place of which is not told here"
    for page in (report_html(report), report_markdown(report)):
        assert said in page
        assert "Krippendorff alpha, by Jaccard" in page
        assert "exactly the same topics, with suggestions" in page
        assert "Cohen kappa" not in page
        assert "same topics" in page
    summary = report_sentences(report)["summary"]
    assert any("another chooses" in line for line in summary)
    assert any("choose exactly the same topics 75.0 %" in line for line in summary)
