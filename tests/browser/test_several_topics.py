"""Several topics an article, chosen in the UI: two, none at all, suggested ones taken back."""

import pytest
from playwright.sync_api import Page, expect

from argilla_settings.connection import connect
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import log_records, to_record
from corpus.articles import Article, Prediction, ScoredSpan, ScoredTopic, content_id
from corpus.desk import read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger
from corpus.statements import current_statements
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.browser.annotating import choose_topic, chosen_topic, open_article, submit
from tests.browser.desk import ReviewDesk
from tests.running import ArgillaService

KNOBS = {"name": "browser-several", "labels.several_topics": True, "review.min_submitted": 3}
WORDS = ("twotopics", "notopics", "takenback", "takenover")
SHOWN = (ScoredTopic("World", 0.75), ScoredTopic("Business", 0.5))


def article(word: str) -> Article:
    text = f"Ada Obi spoke of {word}."
    return Article(content_id(text, word), text, word)


@pytest.fixture(scope="module")
def several(argilla_service: ArgillaService) -> ReviewDesk:
    about, client = read_desk("desk.yaml", KNOBS), connect()
    dataset = ensure_dataset(client, about, NEWS)
    for word in WORDS:
        made = article(word)
        said = Prediction(made.id, spans=(ScoredSpan(0, 7, "person", 0.9),), spans_agent="e:1")
        if word.startswith("taken"):
            said = Prediction(made.id, topic_agent="m:1", topics=SHOWN)
        log_records(dataset, [to_record(made, said, blind=False)])
    return ReviewDesk(about, dataset_url(client, dataset))


def pulled(desk: ReviewDesk, word: str) -> LedgerEntry:
    pull_reviewed(PullReviewed(overrides=KNOBS))
    wanted = article(word).id
    entries = current_statements(open_ledger(desk.desk).entries()).values()
    (entry,) = [e for e in entries if e.response.article_id == wanted]
    return entry


def test_two_by_mouse(page: Page, several: ReviewDesk) -> None:
    open_article(page, several, "twotopics")
    choose_topic(page, "Sports")
    choose_topic(page, "Business")
    expect(chosen_topic(page)).to_have_count(2)
    submit(page)
    response = pulled(several, "twotopics").response
    assert (response.topic, response.topics) == (None, ("Business", "Sports"))


def test_none_at_all(page: Page, several: ReviewDesk) -> None:
    open_article(page, several, "notopics")
    submit(page)
    assert pulled(several, "notopics").response.topics == ()


def test_suggested_ones_taken_back(page: Page, several: ReviewDesk) -> None:
    open_article(page, several, "takenback")
    expect(chosen_topic(page)).to_have_count(2)
    choose_topic(page, "World")
    choose_topic(page, "Business")
    expect(chosen_topic(page)).to_have_count(0)
    submit(page)
    entry = pulled(several, "takenback")
    assert (entry.response.topics, entry.suggested_topics) == ((), SHOWN)


def test_suggested_ones_taken_over(page: Page, several: ReviewDesk) -> None:
    open_article(page, several, "takenover")
    expect(chosen_topic(page)).to_have_count(2)
    submit(page, key="Enter")
    assert pulled(several, "takenover").response.topics == ("Business", "World")
