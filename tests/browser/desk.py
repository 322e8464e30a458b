"""The desk that these tests share: loaded once, pulled by Copydesk's own flow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import argilla as rg

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import log_records, to_record
from argilla_settings.responses import pseudonym
from corpus.articles import Span
from corpus.desk import Desk, read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger
from corpus.statements import current_statements
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.browser.articles import ARTICLES, VECTORS

KNOBS: Mapping[str, Any] = {
    "name": "browser",
    "review.min_submitted": 3,
    "review.blind_share": 0.0,
}


@dataclass(frozen=True)
class ReviewDesk:
    """The desk, and where the browser finds its data set."""

    desk: Desk
    url: str

    def address(self, **query: str) -> str:
        """Pending records of this annotator, by the UI's own parameters."""
        return f"{self.url}?{urlencode({'status': 'pending', **query})}"


@dataclass(frozen=True)
class Answer:
    """An answer in the ledger, with its mentions as they stand in the article's text."""

    entry: LedgerEntry
    text: str

    @property
    def topic(self) -> str | None:
        return self.entry.response.topic

    @property
    def spans(self) -> tuple[Span, ...] | None:
        return self.entry.response.spans

    @property
    def mentions(self) -> list[tuple[str, str]]:
        """Text and entity type of each span, in the order of the text."""
        return [(self.text[s.start : s.end], s.label) for s in self.spans or ()]


def load_desk() -> ReviewDesk:
    """Log the articles with their suggestions, as `load_news` does after predicting."""
    desk, client = read_desk("desk.yaml", dict(KNOBS)), connect()
    dataset = ensure_dataset(client, desk, NEWS)
    vector = ensure_vector(dataset)
    records = [to_record(a.article, a.prediction, blind=False) for a in ARTICLES.values()]
    for record in records:
        if record.id in VECTORS:
            values = VECTORS[record.id]
            record.vectors[vector.name] = [*values, *[0.0] * (vector.dimensions - len(values))]
    log_records(dataset, records)
    return ReviewDesk(desk, dataset_url(client, dataset))


def ensure_vector(dataset: rg.Dataset) -> rg.VectorField:
    """What "find similar" goes by, made where the desk's own settings bring none."""
    for field in dataset.settings.vectors:
        return field
    field = rg.VectorField(name="meaning", title="Meaning", dimensions=3)
    field.dataset = dataset
    dataset.settings.vectors.add(field.create())
    return field


def pull() -> None:
    """What `copydesk pull` does."""
    pull_reviewed(PullReviewed(overrides=dict(KNOBS)))


def answers_to(desk: ReviewDesk, article_id: str) -> dict[str, Answer]:
    """The answers to this article that count in the ledger, by pseudonym. Its text there is the
    one that was loaded.
    """
    ledger = open_ledger(desk.desk)
    text = ledger.articles()[article_id].text
    assert text == ARTICLES[article_id].article.text
    current = current_statements(ledger.entries())
    return {who: Answer(entry, text) for (a, who), entry in current.items() if a == article_id}


def pulled_answer(desk: ReviewDesk, article_id: str) -> Answer:
    """The one answer to this article after a pull."""
    pull()
    (answer,) = answers_to(desk, article_id).values()
    return answer


def pseudonym_of(desk: ReviewDesk, api_key: str) -> str:
    """What the ledger calls the owner of this key."""
    return pseudonym(user_id(api_key), desk.desk)


def user_id(api_key: str) -> str:
    """Argilla's id of the owner of this key."""
    return str(http(connect(api_key=api_key, manage=False)).get("/api/v1/me").json()["id"])
