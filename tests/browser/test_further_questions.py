"""What a desk asks besides, and entities that overlap: given by mouse and keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page

from argilla_settings.connection import connect
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import log_records, to_record
from corpus.articles import Article, Response, Span
from corpus.desk import read_desk
from corpus.review_state import open_ledger
from corpus.statements import current_statements
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.browser.annotating import choose_entity_type, choose_topic, discard, open_article, submit
from tests.browser.conftest import Picture
from tests.browser.desk import ReviewDesk
from tests.browser.marking import drag
from tests.running import ArgillaService

KNOBS: dict[str, Any] = {
    "name": "browser-further",
    "labels.overlapping": True,
    "review.min_submitted": 1,
    "review.blind_share": 0.0,
    "review.also_ask": {
        "writing": {"type": "rating", "title": "How well is it written?", "values": [1, 2, 3]},
        "note": {"type": "text", "title": "Anything to say? Why is it discarded?"},
    },
}
PRIZE = "The Ada Obi Prize went to a crew from Kestrel."
ADVERT = "Buy two and pay for three."


@pytest.fixture(scope="module")
def further(argilla_service: ArgillaService) -> ReviewDesk:
    desk, client = read_desk("desk.yaml", KNOBS), connect()
    dataset = ensure_dataset(client, desk, NEWS)
    articles = [
        Article("prize", PRIZE, "prize day"),
        Article("advert", ADVERT, "advert of the day"),
    ]
    log_records(dataset, [to_record(article, None, blind=False) for article in articles])
    return ReviewDesk(desk, dataset_url(client, dataset))


def pulled(desk: ReviewDesk, article_id: str) -> Response:
    pull_reviewed(PullReviewed(overrides=dict(KNOBS)))
    said = current_statements(open_ledger(desk.desk).entries()).values()
    (response,) = [e.response for e in said if e.response.article_id == article_id]
    return response


def write_note(page: Page, text: str) -> None:
    page.locator("[contenteditable]").click()
    page.keyboard.type(text)
    # Out of the editor, where Backspace deletes a character.
    page.keyboard.press("Escape")


def test_a_rating_a_note_and_a_span_within_a_span(
    page: Page, further: ReviewDesk, picture: Picture
) -> None:
    open_article(page, further, "prize")
    choose_topic(page, "World")
    choose_entity_type(page, "event")
    drag(page, "Ada Obi Prize")
    choose_entity_type(page, "person")
    drag(page, "Ada Obi")
    page.click("label[for='writing_3']")
    write_note(page, "A prize named after a person")
    picture(page, "review_questions.png", 590)
    submit(page)
    answer = pulled(further, "prize")
    assert answer.spans == (Span(4, 11, "person"), Span(4, 17, "event"))
    assert dict(answer.also) == {"writing": 3, "note": "A prize named after a person"}


def test_a_discard_says_why(page: Page, further: ReviewDesk) -> None:
    open_article(page, further, "advert")
    write_note(page, "An advertisement")
    discard(page)
    answer = pulled(further, "advert")
    assert (answer.status, answer.topic, answer.also) == (
        "discarded",
        None,
        (("note", "An advertisement"),),
    )
