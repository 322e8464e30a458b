"""The annotator report as a page, Markdown and sentences: what it says, and what it must not."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from benchmarks.reported_review import TEAM, Asked, make_reported
from corpus.articles import Article, Response, Span
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import gather
from corpus.report.measure import measure_report, to_json
from corpus.sources.read import read_articles
from publishing.figures import keyed, shown_figures, without_marks
from publishing.review_report.charts import draw_time
from publishing.review_report.page import (
    draft_markdown,
    draft_page,
    report_html,
    report_markdown,
    report_sentences,
)
from publishing.review_report.pictures import MOST_LINES, most_frequent
from publishing.review_report.values import MONTHS, NOTHING, WORDS, finalize, shade, signed, words

EVIL = '<script>alert("x")</script>|$\\alpha$'
Report = dict[str, Any]


def made(desk: Desk, count: int = 200) -> Report:
    articles = read_articles(desk.source, desk.labels).articles[:count]
    asked = Asked(articles, list(desk.labels.topics), list(desk.labels.entities))
    return to_json(measure_report(desk, make_reported(asked, records=500)))


@pytest.fixture(scope="module")
def report() -> Report:
    return made(read_desk("desk.yaml"))


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return report_html(report)


@pytest.fixture(scope="module")
def evil() -> Report:
    """Labels and articles whose texts are markup."""
    desk = read_desk(
        "desk.yaml", {"labels.topics": {EVIL: "x", "B": "x"}, "labels.entities": {EVIL: "x"}}
    )
    articles = [
        Article(f"{n:02d}", EVIL, EVIL, source=EVIL, topic=EVIL, spans=(Span(0, 3, EVIL),))
        for n in range(40)
    ]
    asked = Asked(articles, [EVIL, "B"], [EVIL, "b"], days=4)
    return to_json(measure_report(desk, make_reported(asked)))


class Page(HTMLParser):
    """Tags, attributes and text outside of pictures and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.text = ""
        self.drawn = ""
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [v or "" for name, v in attrs if name in ("src", "href", "xlink:href")]
        if tag in ("svg", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.text += f"{data}\n"
        elif self.inside[-1] == "svg":
            self.drawn += f"{data}\n"


def value_at(report: Any, pointer: str) -> Any:
    for part in pointer.removesuffix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        report = report[int(name)] if isinstance(report, list | tuple) else report[name]
    return report


def is_written(text: str, value: Any) -> bool:
    if isinstance(value, str):
        day = re.fullmatch(r"(\d+)-(\d+)-(\d+).*", value)
        if day and text == f"{int(day[3])} {MONTHS[int(day[2])]} {day[1]}":
            return True
        return text == value.replace("&", "&amp;") or " ".join(value.split()) == " ".join(
            text.split()
        )
    forms = {f"{value:,}", f"{value:.3f}", f"{value:.2f}", f"{value:.1f}", f"{value:.0f}"}
    forms |= {f"{round(value, 3) + 0:+.3f}", f"{100 * value:.1f}"}
    return text in forms or (isinstance(value, int) and value < 11 and text == WORDS[value])


def test_every_number_stands_in_the_json(report: Report) -> None:
    """Template text holds none (``require_keys``); each shown one is what its key holds."""
    read_back = json.loads(json.dumps(report, allow_nan=False))
    for draft in (draft_page(report, {}), draft_markdown(report, {})):
        shown = shown_figures(draft)
        assert len(shown) > 300
        for figure in shown:
            if figure.key.endswith("#"):
                continue
            text = unescape(figure.text).replace("\\", "")
            value = value_at(read_back, figure.key.replace("\\_", "_"))
            assert is_written(text, value), (figure, value)


def test_a_number_of_the_template_is_refused(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publishing.review_report import page

    monkeypatch.setitem(page.VERDICTS, "higher", "is 3 times as high")
    with pytest.raises(DeskError, match="shows 3, which stands under no key"):
        report_html(report)


def test_the_page_loads_nothing(html: str) -> None:
    page = Page(html)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base"})
    assert {address for address in page.addresses if not address.startswith("#")} == set()
    assert "http" not in html and "@import" not in html
    # Within a page, what is drawn refers to parts of its own picture alone.
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]*)\)", html)) <= set(ids)
    assert "<metadata" not in html and html.count("<style") == 1


def test_links_lead_to_argilla_and_nowhere_else(report: Report) -> None:
    first = report["discards"]["articles"][0]["id"]
    link = "http://127.0.0.1:6900/dataset/1/annotation-mode?a=1&b=2"
    assert {a for a in Page(report_html(report, {first: link})).addresses if a[0] != "#"} == {link}
    shown = MarkdownIt("commonmark").enable("table").render(report_markdown(report, {first: link}))
    assert f'href="{link.replace("&", "&amp;")}"' in shown
    with pytest.raises(DeskError, match="no address of Argilla"):
        report_html(report, {first: "javascript:alert(1)"})


def test_texts_of_others_stay_text(evil: Report) -> None:
    html = report_html(evil)
    page = Page(html)
    assert "script" not in page.tags and "<script" not in html
    assert EVIL in page.text
    assert EVIL in page.drawn
    shown = Page(MarkdownIt("commonmark").enable("table").render(report_markdown(evil)))
    assert "script" not in shown.tags
    assert EVIL in shown.text
    assert {"table", "td", "th"} <= shown.tags


def test_nobody_is_named_unless_asked(report: Report, html: str) -> None:
    names = {person.name: f"maria.{n} <b>" for n, person in enumerate(TEAM)}
    named = report_html(report, names=names)
    page = Page(named)
    assert all(name in page.text and name in page.drawn for name in names.values())
    assert not any(pseudonym in named for pseudonym in names)
    assert "This page names people" in page.text
    assert "b" in page.tags and "<b>maria" not in named
    assert "maria" not in html + report_markdown(report) + json.dumps(report)


def test_sentences(report: Report, html: str) -> None:
    progress = report["progress"]
    summary = report_sentences(report)["summary"]
    assert summary[0] == (
        f"Three people gave {progress['answers']:,} answers to {progress['answered']} articles."
    )
    assert "agreement on topics is higher than before" in " ".join(summary)
    said = [line for lines in report_sentences(report).values() for line in lines]
    assert "Argilla has no field for a reason" in " ".join(said)
    text = Page(html).text
    assert all(line in text for line in said)


def test_too_little_is_said_not_shown_as_perfect() -> None:
    desk = read_desk("desk.yaml")
    at = read_articles(desk.source, desk.labels).articles
    answers = make_reported(
        Asked(at[:3], list(desk.labels.topics), list(desk.labels.entities), days=1), TEAM[:2]
    )
    few = to_json(measure_report(desk, answers))
    html = report_html(few)
    assert NOTHING in html and "1.00" not in html
    assert "so there is no before and after" not in html
    assert "<svg" not in html
    one = Response("a", TEAM[0].name, "discarded", None, None, answers.statements[0].answered_at)
    alone = to_json(measure_report(desk, gather([LedgerEntry(one, "g", False)], {})))
    assert "No people gave No answers" not in report_html(alone)
    assert "One record was discarded" in report_html(alone)
    assert "Nobody has submitted an answer" in report_html(alone)


def test_desks_of_one_question_say_nothing_of_the_other() -> None:
    topics = Page(report_html(made(read_desk("desk.yaml", {"labels.entities": {}}), 60))).text
    assert "entity type" not in topics and "Krippendorff alpha" in topics
    spans = Page(report_html(made(read_desk("desk.yaml", {"labels.topics": {}}), 60))).text
    assert "Krippendorff alpha" not in spans and "entity type" in spans


def test_the_same_figures_are_the_same_page(report: Report, html: str) -> None:
    assert report_html(report) == html


def test_charts_have_the_colours_of_the_page() -> None:
    figures = {"a": [{"value": 0.5, "low": 0.4, "high": 0.6}, None]}
    svg = draw_time(["2031-05-05", "2031-06-01"], figures, "share", ["2031-05-06"])
    assert svg.startswith("<svg viewBox=") and "var(--c1)" in svg and "currentColor" in svg
    assert re.findall(r"#[0-9a-f]{6}\b", svg) == []
    shares = {f"{n}": {"value": n / 100} for n in range(9)} | {"none": None}
    assert most_frequent([{"topics": shares}], "topics") == ["8", "7", "6", "5", "4", "3"]
    assert MOST_LINES == 6


def test_how_values_are_written() -> None:
    r = keyed({"text": "two\nlines", "few": 3, "many": 1344})
    assert without_marks(finalize(r["text"])) == "two lines"
    assert [without_marks(words(r[name])) for name in ("few", "many")] == ["Three", "1,344"]
    assert without_marks(finalize(r["many"])) == "1,344"
    interval = keyed({"value": 0.05, "low": -0.0004, "high": 0.1236})
    assert without_marks(signed(interval)) == "+0.050 [+0.000, +0.124]"
    assert signed(None) == NOTHING
    assert (shade(0, 9), shade(1, 1), shade(1, 1000)) == ("0", "0.80", "0.08")
