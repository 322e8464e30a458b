"""People at work on answers over REST as the UI does, and what they see there."""

import json
from dataclasses import dataclass
from typing import Any

import argilla as rg

from argilla_settings.answers import ANSWERS
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import require_dataset
from argilla_settings.records import list_rows
from corpus.articles import Article
from corpus.desk import Desk

LIMIT = 8
BROKEN = '{"topic": "Gossip", "entities": []}'


@dataclass(frozen=True)
class Annotator:
    """One account, which answers over REST as the UI does."""

    client: rg.Argilla
    id: str

    def answer(self, record: dict[str, Any], rating: int, correction: str) -> str:
        """Submit; returns the response's id."""
        sent = http(self.client).post(
            f"/api/v1/records/{record['id']}/responses", json=_body(rating, correction)
        )
        assert sent.status_code == 201, sent.text
        return str(sent.json()["id"])

    def edit(self, response: str, rating: int, correction: str) -> None:
        sent = http(self.client).put(
            f"/api/v1/responses/{response}", json=_body(rating, correction)
        )
        assert sent.status_code == 200, sent.text

    def delete(self, response: str) -> None:
        assert http(self.client).delete(f"/api/v1/responses/{response}").status_code == 200

    def discard(self, record: dict[str, Any]) -> None:
        sent = http(self.client).post(
            f"/api/v1/records/{record['id']}/responses", json={"status": "discarded", "values": {}}
        )
        assert sent.status_code == 201, sent.text


def _body(rating: int, correction: str) -> dict[str, Any]:
    values = {"rating": {"value": rating}, "correction": {"value": correction}}
    return {"status": "submitted", "values": values}


def right(article: Article, topic: str = "Sports") -> str:
    """An answer that stands in the article, whatever it is about."""
    word = next(w for w in article.text.split() if w.isalpha())
    return json.dumps({"topic": topic, "entities": [{"text": word, "type": "person"}]})


def records(desk: Desk) -> dict[str, dict[str, Any]]:
    """Records of the answers by id, with suggestions and responses."""
    client = connect()
    rows = list_rows(client, require_dataset(client, desk, ANSWERS), ("responses", "suggestions"))
    return {row["external_id"]: row for row in rows}
