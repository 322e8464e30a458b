"""Loaded by the flow, answered, pulled; and the addresses that lead back to an answer."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.second_look import article_url, doubts_url, mark_doubts
from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.review_state import open_ledger
from corpus.statements import current_statements
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.browser.annotating import (
    FIELD,
    LISTENING,
    choose_entity_type,
    choose_topic,
    chosen_topic,
    submit,
)
from tests.browser.marking import drag
from tests.browser.queue_view import found_ids, searched
from tests.running import Services

TEXT = "👩‍🚀🚀 Commander Ada Obi reached the Kestrel station today.\r\nCafe\u0301 staff cheered."


def test_an_answer_given_in_the_browser_is_in_the_ledger(
    services: Services, page: Page, tmp_path: Path
) -> None:
    source = tmp_path / "one.jsonl"
    source.write_text(json.dumps({"text": TEXT, "title": "Arrival"}), encoding="utf-8")
    knobs: dict[str, Any] = {
        "name": "browser-loaded",
        "source.path": str(source),
        "source.columns": {"text": "text", "title": "title"},
        "review.min_submitted": 1,
        "review.blind_share": 0.0,
    }
    report = load_news(LoadNews(overrides=knobs))
    page.goto(report.argilla_url)
    page.wait_for_selector(LISTENING, state="attached")
    expect(chosen_topic(page)).to_have_count(1)
    if "Sci/Tech" not in chosen_topic(page).inner_text():
        choose_topic(page, "Sci/Tech")
    choose_entity_type(page, "person")
    drag(page, "Obi")
    submit(page)
    assert pull_reviewed(PullReviewed(overrides=knobs)).new_answers == 1
    desk = read_desk("desk.yaml", knobs)
    ledger = open_ledger(desk)
    (entry,) = current_statements(ledger.entries()).values()
    assert entry.response.topic == "Sci/Tech"
    (span,) = entry.response.spans or ()
    article = ledger.articles()[entry.response.article_id]
    assert article.text == TEXT
    assert (TEXT[span.start : span.end], span.label) == ("Obi", "person")
    assert entry.suggested_topic is not None
    assert entry.topic_agent.startswith("zero-shot:")
    require_links(page, desk, article)


def require_links(page: Page, desk: Desk, article: Article) -> None:
    """Both addresses open the annotator's own answer, the second one while it is doubted."""
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    assert mark_doubts(client, dataset, {article.id: 0.75}) == 1
    doubts = doubts_url(client, dataset)
    for url in (article_url(client, dataset, article), doubts):
        page.goto(url)
        expect(chosen_topic(page)).to_contain_text("Sci/Tech")
        expect(page.locator(FIELD)).to_contain_text("Commander Ada Obi")
    assert mark_doubts(client, dataset, {}) == 1
    assert found_ids(searched(page, lambda: page.goto(doubts))) == []
