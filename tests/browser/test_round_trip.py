"""One annotator in a real browser: sign in, label, mark a span, submit; then the ledger."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from argilla_settings.answer_records import to_answer_record
from argilla_settings.answers import ANSWERS
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import dataset_url, ensure_dataset, find_dataset
from argilla_settings.records import log_records
from argilla_settings.second_look import article_url, doubts_url, mark_doubts
from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.instruct.answers import Answer, Mention, to_json, to_lines
from corpus.instruct.opinions import Generation, answers_ledger, append_generations
from corpus.review_state import desk_questions, open_ledger
from corpus.statements import current_statements
from flows.load_news import LoadNews, load_news
from flows.pull_answers import PullAnswers, pull_answers
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import ArgillaService, Services

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.services,
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium on PATH: run make browser as root, or install it"
    ),
]
# Emoji before the span: the UI counts UTF-16 units, the ledger code points.
TEXT = "👩‍🚀🚀 Commander Ada Obi reached the Kestrel station today.\r\nCafe\u0301 staff cheered."
MENTION = "Obi"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Of somebody who is not signed in."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    yield page
    page.close()


def test_an_answer_given_in_the_browser_is_in_the_ledger(
    services: Services, argilla_service: ArgillaService, page: Page, tmp_path: Path
) -> None:
    source = tmp_path / "one.jsonl"
    source.write_text(json.dumps({"text": TEXT, "title": "Arrival"}), encoding="utf-8")
    knobs: dict[str, Any] = {
        "name": "browser-test",
        "source.path": str(source),
        "source.columns": {"text": "text", "title": "title"},
        "review.min_submitted": 1,
        "review.blind_share": 0.0,
    }
    report = load_news(LoadNews(overrides=knobs))
    user = argilla_service.credentials["annotator-1"]
    sign_in(page, argilla_service.api_url, user["username"], user["password"])
    page.goto(report.argilla_url)
    page.wait_for_selector("p.span-annotation__field")
    page.wait_for_timeout(1000)
    page.click("label[for='topic_Sci/Tech']")
    page.click("label[for='entities-2dperson']")
    drag_over(page, MENTION)
    page.wait_for_selector(".span-entity__text")
    with page.expect_response("**/responses") as answered:
        page.click("button.button--submit")
    assert answered.value.status in (200, 201)
    pulled = pull_reviewed(PullReviewed(overrides=knobs))
    assert pulled.new_answers == 1
    ledger = open_ledger(read_desk("desk.yaml", knobs))
    (entry,) = current_statements(ledger.entries()).values()
    assert entry.response.topic == "Sci/Tech"
    (span,) = entry.response.spans or ()
    text = ledger.articles()[entry.response.article_id].text
    assert text == TEXT
    assert (text[span.start : span.end], span.label) == (MENTION, "person")
    assert entry.suggested_topic is not None
    assert entry.topic_agent.startswith("zero-shot:")
    require_links(page, read_desk("desk.yaml", knobs), ledger.articles()[entry.response.article_id])


def test_an_answer_of_a_model_is_corrected_in_the_browser(
    services: Services, argilla_service: ArgillaService, page: Page
) -> None:
    """What the annotator sees says what to do: the correction begins as what the model wrote."""
    knobs = {"name": "browser-corrections", "review.min_submitted": 1, "review.blind_share": 0.0}
    desk, text = read_desk("desk.yaml", knobs), "Ada Obi reached the Kestrel station today."
    said = Answer("World", (Mention("Ada", "person"), Mention("Mars", "location")))
    generation = Generation("a1", "0123456789abcdef", 2, to_json(said))
    article, ledger = Article("a1", text, "Arrival"), answers_ledger(open_ledger(desk))
    ledger.append_articles([article])
    append_generations(ledger, [generation])
    client = connect()
    dataset = ensure_dataset(client, desk, ANSWERS)
    log_records(dataset, [to_answer_record(generation, article, desk_questions(desk))])
    user = argilla_service.credentials["annotator-1"]
    http(client).post(
        f"/api/v1/workspaces/{dataset.workspace.id}/users",
        json={"user_id": user_id(user["api_key"])},
    )
    sign_in(page, argilla_service.api_url, user["username"], user["password"])
    page.goto(dataset_url(client, dataset))
    page.wait_for_selector("text=Not in the article: Mars")
    page.wait_for_timeout(1000)
    editor = page.query_selector("[contenteditable]")
    assert editor is not None
    assert editor.inner_text().strip() == to_lines(said)
    editor.click()
    page.keyboard.press("Control+A")
    right = Answer("Sci/Tech", (Mention("Ada Obi", "person"), Mention("Kestrel", "location")))
    page.keyboard.type(to_lines(right))
    page.click("label[for='rating_2']")
    with page.expect_response("**/responses") as answered:
        page.click("button.button--submit")
    assert answered.value.status == 201
    found = pull_answers(PullAnswers(overrides=knobs))
    assert (found.new, found.opinions, found.mean_rating, found.broken) == (1, 1, 2.0, ())
    assert [c.answer for c in found.corrections.used] == [right]


def require_links(page: Page, desk: Desk, article: Article) -> None:
    """Both addresses open the annotator's own answer, the second one once it is doubted."""
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    assert mark_doubts(client, dataset, {article.id: 0.75}) == 1
    for url in (article_url(client, dataset, article), doubts_url(client, dataset)):
        page.goto(url)
        page.wait_for_selector("p.span-annotation__field")
        page.wait_for_selector(".label-active")
        assert "Commander Ada Obi" in page.inner_text("p.span-annotation__field")
    assert mark_doubts(client, dataset, {}) == 1
    page.goto(doubts_url(client, dataset))
    page.wait_for_timeout(3000)
    assert page.query_selector("p.span-annotation__field") is None


def sign_in(page: Page, url: str, username: str, password: str) -> None:
    """The sign-in form of Argilla's UI."""
    page.goto(f"{url}/sign-in")
    page.fill("input[type=text]", username)
    page.fill("input[type=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "sign-in" not in address)


def user_id(api_key: str) -> str:
    return str(http(connect(api_key=api_key, manage=False)).get("/api/v1/me").json()["id"])


def drag_over(page: Page, mention: str) -> None:
    """Select a mention with the mouse, as a person does."""
    box = page.evaluate(
        """mention => {
            const field = document.querySelector('p.span-annotation__field');
            const walker = document.createTreeWalker(field, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.textContent.indexOf(mention);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + mention.length);
                const r = range.getBoundingClientRect();
                return {x: r.x, y: r.y, width: r.width, height: r.height};
            }
        }""",
        mention,
    )
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=8)
    page.mouse.up()
