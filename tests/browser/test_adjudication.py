"""An adjudicator: what was answered is read as it stands, and one answer is chosen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from argilla_settings.adjudication import ADJUDICATION
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import require_dataset
from corpus.articles import Article, Response, Span
from corpus.desk import read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger, read_gold
from flows.desk_run import DeskRun
from flows.load_adjudication import load_adjudication
from flows.pull_adjudication import PullAdjudication, pull_adjudication
from tests.browser.annotating import badges, choose_topic, submit
from tests.browser.desk import user_id
from tests.running import ArgillaService

KNOBS: dict[str, Any] = {"name": "browser-decides", "review.min_submitted": 2}
NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
# What would be markup of Markdown in the list of answers, and of HTML in the article and its title.
NAME = "Ada **Obi** $x^2$ [here](javascript:alert(1)) _i_ `c` | www.example.org #1"
SCRIPT = "<img src=x onerror=alert(1)>"
TEXT = f"{SCRIPT} &amp; {NAME} met the board of Kestrel Ltd today.\nNobody else came."


def answer(who: str, topic: str, label: str) -> LedgerEntry:
    start = TEXT.index(NAME)
    marks = (Span(start, start + len(NAME), label),)
    return LedgerEntry(Response("a1", who, "submitted", topic, marks, NOON), "g", blind=False)


@pytest.fixture
def adjudication_address(argilla_service: ArgillaService) -> str:
    """Where a tie of two annotators waits for the first annotator."""
    desk = read_desk("desk.yaml", KNOBS)
    ledger = open_ledger(desk)
    ledger.append_articles([Article("a1", TEXT, f"A {SCRIPT} meeting")])
    ledger.append_entries([answer("a", "World", "person"), answer("b", "Sports", "event")])
    loaded = load_adjudication(DeskRun(overrides=KNOBS))
    client = connect()
    dataset = require_dataset(client, desk, ADJUDICATION)
    http(client).post(
        f"/api/v1/workspaces/{dataset.workspace.id}/users",
        json={"user_id": user_id(argilla_service.credentials["annotator-1"]["api_key"])},
    )
    return loaded.argilla_url


def test_a_tie_is_decided_and_the_article_is_shown_as_it_is_written(
    page: Page, adjudication_address: str
) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.goto(adjudication_address)
    page.wait_for_selector("text=Topic (open)")
    expect(page.locator("p[class^=span-annotation__field]")).to_have_text(TEXT.replace("\n", " "))
    expect(badges(page)).to_have_count(1)
    told = page.locator(".markdown-render").last
    assert f"event: {NAME} (1)" in told.inner_text() and "Sports: 1" in told.inner_text()
    assert told.locator("a, code, em, del, table, .katex").count() == 0
    # The headings, which are not the article's words, are set in bold.
    assert told.locator("strong").count() == 2
    choose_topic(page, "Business")
    submit(page)
    found = pull_adjudication(PullAdjudication(overrides=KNOBS))
    assert (found.new, found.adjudicated, found.unresolved) == (1, 1, 0)
    (row,) = read_gold(read_desk("desk.yaml", KNOBS)).reviewed
    assert (row.topic, row.rule) == ("Business", "adjudicated")
    # Of two marks with one vote each, one was suggested and is what was submitted.
    assert [TEXT[span.start : span.end] for span in row.spans or ()] == [NAME]
    assert (row.article.text, row.article.title) == (TEXT, f"A {SCRIPT} meeting")
    assert page.locator("img[src=x]").count() == 0
    assert alerts == []
    page.goto(adjudication_address)
    expect(page.get_by_text("You have no pending records")).to_be_visible()
