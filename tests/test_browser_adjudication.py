"""An adjudicator in a real browser: what was answered is read as it stands, and one is chosen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page

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
from tests.running import ArgillaService, Services
from tests.test_browser import CHROMIUM, browser, page, sign_in, user_id

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.services,
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium on PATH: run make browser as root, or install it"
    ),
]
NAME = "Ada **Obi** $x^2$ [here](javascript:alert(1)) _i_ `c` | www.example.org #1"
TEXT = f"{NAME} met the board of Kestrel Ltd today.\nNobody else came."
KNOBS: dict[str, Any] = {"name": "browser-decides", "review.min_submitted": 2}
NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def answer(who: str, topic: str, label: str) -> LedgerEntry:
    marks = (Span(0, len(NAME), label),)
    return LedgerEntry(Response("a1", who, "submitted", topic, marks, NOON), "g", blind=False)


def test_a_tie_is_decided_in_the_browser(
    services: Services, argilla_service: ArgillaService, page: Page
) -> None:
    desk = read_desk("desk.yaml", KNOBS)
    ledger = open_ledger(desk)
    ledger.append_articles([Article("a1", TEXT, "A meeting")])
    ledger.append_entries([answer("a", "World", "person"), answer("b", "Sports", "event")])
    loaded = load_adjudication(DeskRun(overrides=KNOBS))
    client, user = connect(), argilla_service.credentials["annotator-2"]
    dataset = require_dataset(client, desk, ADJUDICATION)
    http(client).post(
        f"/api/v1/workspaces/{dataset.workspace.id}/users",
        json={"user_id": user_id(user["api_key"])},
    )
    sign_in(page, argilla_service.api_url, user["username"], user["password"])
    page.goto(loaded.argilla_url)
    page.wait_for_selector("text=Topic (open)")
    page.wait_for_timeout(1000)
    told = page.locator(".markdown-render").last
    assert f"event: {NAME} (1)" in told.inner_text() and "Sports: 1" in told.inner_text()
    assert told.locator("a, code, em, del, table, .katex").count() == 0
    # The headings, which are not the article's words, are set in bold.
    assert told.locator("strong").count() == 2
    page.click("label[for='topic_Business']")
    with page.expect_response("**/responses") as answered:
        page.click("button.button--submit")
    assert answered.value.status == 201
    found = pull_adjudication(PullAdjudication(overrides=KNOBS))
    assert (found.new, found.adjudicated, found.unresolved) == (1, 1, 0)
    (row,) = read_gold(desk).reviewed
    assert (row.topic, row.rule) == ("Business", "adjudicated")
    # Of two marks with one vote each, one was suggested and is what was submitted.
    assert len(row.spans or ()) == 1
    page.goto(loaded.argilla_url)
    page.wait_for_timeout(2000)
    assert page.query_selector("p.span-annotation__field") is None
