"""A source that takes a licence back: the text leaves what is published, answers stay."""

import json
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.records import list_rows
from argilla_settings.simulated_review import annotator_keys, review
from corpus.articles import content_id
from corpus.desk import read_desk
from corpus.instruct.opinions import answers_ledger
from corpus.permissions import withheld_ids
from corpus.review_state import open_ledger, read_reviewed
from corpus.sources.read import read_articles
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import Services

pytestmark = pytest.mark.services


def write(file: Path, licences: list[str]) -> list[str]:
    """Articles of these licences; their ids."""
    rows = [
        {"text": f"Ada {n} met Bo in Rome.", "topic": "World", "licence": licence}
        for n, licence in enumerate(licences)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return [content_id(row["text"]) for row in rows]


def suggestions_of(overrides: dict[str, Any]) -> dict[str, list[Any]]:
    client = connect()
    dataset = find_dataset(client, read_desk("desk.yaml", overrides))
    rows = list_rows(client, dataset, ("suggestions",))
    return {row["external_id"]: [s["value"] for s in row["suggestions"]] for row in rows}


def test_a_licence_taken_back_reaches_what_is_published(services: Services, tmp_path: Path) -> None:
    source = tmp_path / "news.jsonl"
    columns = {"text": "text", "topic": "topic"}
    plain: dict[str, Any] = {
        "name": "taken-back",
        "source.path": str(source),
        "source.columns": columns,
        "source.suggest_labels": True,
        "labels.entities": {},
        "review.min_submitted": 1,
        "review.blind_share": 0.0,
    }
    knobs = plain | {"source.columns": {**columns, "license": "licence"}}
    first, second, third = write(source, ["cc-by-4.0", "cc-by-4.0", ""])
    # Before the desk names the column, nothing is known; then two are open, one says nothing.
    load_news(LoadNews(overrides=plain))
    shown = suggestions_of(plain)
    assert shown == {key: ["World"] for key in (first, second, third)}
    desk = read_desk("desk.yaml", knobs)
    articles = read_articles(desk.source, desk.labels).articles
    keys = dict(list(annotator_keys(services.home.accounts).items())[:1])
    assert review(desk, articles, keys, before_submit=open_ledger(desk).append_simulated) == 3
    pull_reviewed(PullReviewed(overrides=plain))
    # A model answered one of them: its correction would be exported with its text.
    answered = answers_ledger(open_ledger(desk))
    answered.append_articles(article for article in articles if article.id == second)

    def withheld() -> set[str]:
        load_news(LoadNews(overrides=knobs))
        assert pull_reviewed(PullReviewed(overrides=knobs)).new_answers == 0
        reviewed = read_reviewed(desk).gold.reviewed
        assert {r.article.id for r in reviewed} == {first, second, third}
        return withheld_ids(desk, (r.article for r in reviewed))

    assert withheld() == {third}
    write(source, ["cc-by-4.0", "all rights reserved", ""])
    assert withheld() == {second, third}
    assert {a.id: a.license for a in answered.articles().values()} == {
        second: "all rights reserved"
    }
    write(source, ["", "cc-by-4.0", "cc0-1.0"])
    assert withheld() == {first}
    assert suggestions_of(knobs) == shown
    rows = len(open_ledger(desk).rows("articles"))
    assert withheld() == {first}
    assert len(open_ledger(desk).rows("articles")) == rows
