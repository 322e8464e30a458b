"""A small review on the real server, and what Argilla and the ledger hold of it."""

import random
from dataclasses import dataclass
from typing import Any

import argilla as rg
import httpx

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows, log_records, to_record
from argilla_settings.responses import pulled_records
from argilla_settings.simulated_review import annotator_keys
from corpus.articles import Article, Response, content_id
from corpus.desk import Desk, read_desk
from corpus.ledger import Ledger
from corpus.review_state import open_ledger
from corpus.statements import StatementKey, current_statements
from flows.pull_reviewed import PullReport, PullReviewed, pull_reviewed
from tests.running import Services

TOPICS = ("World", "Sports")


@dataclass(frozen=True)
class SmallReview:
    """A desk with records in Argilla, and the clients of those who answer."""

    overrides: dict[str, Any]
    client: rg.Argilla
    dataset: rg.Dataset
    people: list[httpx.Client]

    def desk(self) -> Desk:
        return read_desk("desk.yaml", self.overrides)

    def ledger(self, **changes: Any) -> Ledger:
        return open_ledger(read_desk("desk.yaml", {**self.overrides, **changes}))

    def pull(self, full: bool = False, **changes: Any) -> PullReport:
        return pull_reviewed(PullReviewed(overrides={**self.overrides, **changes}, full=full))

    def pull_plainly(self, **changes: Any) -> PullReport:
        """The same without a run of Prefect round it, which takes longer than a small pull."""
        found: PullReport = pull_reviewed.fn(PullReviewed(overrides={**self.overrides, **changes}))
        return found

    def rows(self) -> list[dict[str, Any]]:
        return list(list_rows(self.client, self.dataset, ("responses", "suggestions")))

    def there(self) -> dict[StatementKey, Response]:
        """What Argilla holds."""
        records = pulled_records(self.rows(), self.dataset, self.desk())
        return {e.key: e.response for record in records for e in record.entries}

    def held(self, ledger: Ledger | None = None) -> dict[StatementKey, Response]:
        """What the ledger says that Argilla holds."""
        current = current_statements((ledger or self.ledger()).entries())
        return {key: entry.response for key, entry in current.items()}

    def answer(self, person: int, row: dict[str, Any], topic: str, status: str) -> None:
        """New or edited."""
        item = {
            "record_id": row["id"],
            "status": status,
            "values": {"topic": {"value": topic}, "entities": {"value": []}},
        }
        sent = self.people[person].post("/api/v1/me/responses/bulk", json={"items": [item]})
        sent.raise_for_status()
        assert not sent.json()["items"][0].get("error")

    def delete(self, answer: dict[str, Any]) -> None:
        http(self.client).delete(f"/api/v1/responses/{answer['id']}").raise_for_status()

    def load(self, numbers: range) -> None:
        """Records of short made-up articles."""
        articles = [
            Article((text := f"Story {n} of {self.dataset.name}") and content_id(text), text)
            for n in numbers
        ]
        log_records(self.dataset, [to_record(article, None, blind=False) for article in articles])


def small_review(services: Services, name: str, records: int, **changes: Any) -> SmallReview:
    """A new desk of this name, with keys that ``changes`` replaces."""
    overrides: dict[str, Any] = {"name": name, "review.min_submitted": 2, **changes}
    client = connect()
    dataset = ensure_dataset(client, read_desk("desk.yaml", overrides), NEWS)
    url, keys = services.environment["ARGILLA_API_URL"], annotator_keys(services.home.accounts)
    people = [
        httpx.Client(base_url=url, headers={"X-Argilla-Api-Key": key}) for key in keys.values()
    ]
    review = SmallReview(overrides, client, dataset, people)
    review.load(range(records))
    return review


def random_step(review: SmallReview, draw: random.Random) -> None:
    """One thing that people do: answer, edit, draft, discard, or delete an answer."""
    row = draw.choice(review.rows())
    answers = row.get("responses") or []
    if answers and draw.random() < 0.15:
        review.delete(draw.choice(answers))
        return
    status = draw.choice(("submitted",) * 4 + ("discarded", "draft"))
    review.answer(draw.randrange(len(review.people)), row, draw.choice(TOPICS), status)
