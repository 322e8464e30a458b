"""What is published of a review by people with names: nothing that leads to them, and all of it
readable by plain clients.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argilla as rg
import httpx
import pandas
import pytest
from huggingface_hub import HfApi

from argilla_settings.connection import connect, http
from argilla_settings.simulated_review import review
from corpus.desk import Desk, read_desk
from corpus.review_state import open_ledger, read_reviewed
from corpus.secret import desk_secret
from corpus.sources.read import read_articles
from corpus.statements import current_statements
from embedded.home import read_json
from flows.curate import CurateReport
from flows.load_news import LoadNews, load_news
from flows.publish import publish_dataset
from flows.pull_reviewed import PullReviewed, pull_reviewed
from publishing.hub import Published
from tests.running import Services, run_plain_client

pytestmark = pytest.mark.services

PEOPLE = {
    "Mairead.OBrien@harbour.example": ("Mairead", "O'Brien"),
    "tunde_adeyemi": ("Babatunde", "Adéyẹmí"),
    "zofia-kowalczyk": ("Zofia", "Kowalczyk"),
}
AUTHOR = "Columba Quillfeather"
OPEN, CLOSED = "CC BY 4.0", "© Harbour Wire"
KNOBS: dict[str, Any] = {
    "name": "named-people",
    "source.columns": {
        "text": "text", "title": "title", "topic": "topic", "spans": "spans",
        "published_at": "published_at", "license": "licence",
    },
    "simulation.topic_noise": [0.0, 0.0, 0.9],
    "publish.dataset": "copydesk/named-people",
}  # fmt: skip
READ = """
import json, pandas
from datasets import load_dataset

name, found = "copydesk/named-people", {}
for config in ("default", "responses", "disagreements", "sft"):
    whole, stream = load_dataset(name, config), load_dataset(name, config, streaming=True)
    found[config] = {}
    for split, rows in whole.items():
        listed = rows.to_list()
        assert list(stream[split]) == listed, (config, split)
        folder = "data" if config == "default" else config
        file = f"hf://datasets/{name}/{folder}/{split}-00000-of-00001.parquet"
        assert len(pandas.read_parquet(file)) == len(listed)
        found[config][split] = json.loads(json.dumps(listed, default=str))
    assert stream[split].features == rows.features
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Review:
    """What was published, and what must not be found in it."""

    desk: Desk
    published: Published
    private: dict[str, bytes]
    folder: Path


def make_people(services: Services, workspace: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """Accounts with names: user name → API key, and what nobody else may learn of them."""
    owner = connect()
    keys, private = {}, {}
    for username, (first, last) in PEOPLE.items():
        user = rg.User(
            username=username,
            first_name=first,
            last_name=last,
            role="annotator",
            password=secrets.token_urlsafe(12),
            client=owner,
        ).create()
        user.add_to_workspace(owner.workspaces(workspace))
        about = next(
            item for item in http(owner).get("/api/v1/users").json()["items"]
            if item["username"] == username
        )  # fmt: skip
        keys[username] = about["api_key"]
        identifier = str(about["id"])
        for secret in (
            username, first, last, about["api_key"], identifier, identifier.replace("-", ""),
        ):  # fmt: skip
            private[f"{secret} of {username}"] = secret.encode()
    return keys, private


def write_source(file: Path) -> None:
    """A dozen sample articles with an author each, every third of the wire's."""
    lines = Path("sample/news.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    rows = [json.loads(line) for line in lines]
    for number, row in enumerate(rows):
        row |= {"author": AUTHOR, "licence": OPEN if number % 3 else CLOSED}
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


@pytest.fixture(scope="module")
def published(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Review:
    source = tmp_path_factory.mktemp("named") / "news.jsonl"
    write_source(source)
    knobs = {**KNOBS, "source.path": str(source)}
    load_news(LoadNews(overrides=knobs))
    desk = read_desk("desk.yaml", knobs)
    keys, private = make_people(services, desk.workspace)
    articles = read_articles(desk.source, desk.labels).articles
    # Their answers are made up, but the desk is not told: they count as people's.
    assert review(desk, articles, keys, before_submit=lambda _: None) == 36
    pull_reviewed(PullReviewed(overrides=knobs))
    done = publish_dataset.fn(desk, read_reviewed(desk))
    ledger = open_ledger(desk)
    private["author"] = AUTHOR.encode()
    private["folder of the source"] = str(source.parent).encode()
    private["key"] = desk_secret(ledger)
    private["key as text"] = desk_secret(ledger).hex().encode()
    for annotator in {annotator for _, annotator in current_statements(ledger.entries())}:
        private[f"{annotator} of the ledger"] = annotator.encode()
    for article in articles:
        if article.license == CLOSED:
            private[f"text of {article.id}"] = article.text[:40].encode()
            private[f"title of {article.id}"] = article.title.encode()
    return Review(desk, done, private, download(done))


def download(item: Published) -> Path:
    api = HfApi(endpoint=os.environ["HF_ENDPOINT"], token=os.environ["HF_TOKEN"])
    return Path(api.snapshot_download(item.repo_id, repo_type=item.repo_type, revision=item.tag))


def leaks(folder: Path, private: dict[str, bytes]) -> list[str]:
    """Which of these stand in the files, as bytes or in the cells of a Parquet file."""
    found = []
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += (
                pandas.read_parquet(file).to_json(force_ascii=False, date_format="iso").encode()
            )
        lowered = content.lower()
        found += [f"{name} in {file.name}" for name, s in private.items() if s.lower() in lowered]
    return found


def test_nothing_leads_to_the_people(published: Review) -> None:
    # 3 people, 6 facts and a pseudonym each; author, folder, key twice; 4 withheld articles.
    assert len(published.private) == 3 * 7 + 4 + 2 * 4
    assert len(list(published.folder.rglob("*.parquet"))) >= 4
    assert leaks(published.folder, published.private) == []
    # The search does find what is there.
    (topic,) = {"Sports"} & set(published.desk.labels.topics)
    assert leaks(published.folder, {"topic": topic.encode()})


def test_a_plain_client_reads_every_configuration(
    published: Review, services: Services, tmp_path: Path
) -> None:
    found = run_plain_client(services, READ, tmp_path)
    gold = [row for rows in found["default"].values() for row in rows]
    answers = found["responses"]["full"]
    assert len(answers) == 36
    names = {row["annotator"] for row in answers}
    assert len(names) == 3
    assert not any(row["simulated"] for row in answers)
    assert {row["license"] for row in gold} == {OPEN, CLOSED}
    for row in gold:
        assert row["text_withheld"] is (row["license"] == CLOSED)
        assert (row["text"] is None) is (row["tokens"] is None) is row["text_withheld"]
        assert row["spans"] is not None
    disputed = {row["id"]: row for row in found["disagreements"]["full"]}
    assert disputed
    per_article: dict[str, set[int]] = {}
    for row in answers:
        per_article.setdefault(row["article_id"], set()).add(row["topic"])
    assert {i for i, topics in per_article.items() if len(topics) > 1} <= set(disputed)
    there = {row["id"] for row in gold}
    assert all(row["published"] is (i in there) for i, row in disputed.items())


def test_the_hubs_page_shows_rows_without_text(published: Review) -> None:
    page = httpx.get(f"{os.environ['HF_ENDPOINT']}/datasets/copydesk/named-people")
    assert page.status_code == 200
    shown = page.text.encode().lower()
    assert b"text_withheld" in shown
    assert [name for name, s in published.private.items() if s.lower() in shown] == []


def test_publishing_the_same_state_again_names_nobody_anew(published: Review) -> None:
    again = publish_dataset.fn(published.desk, read_reviewed(published.desk))
    assert not again.changed
    assert again.revision == published.published.revision


def test_what_the_chain_published_names_nobody(
    rounds: list[CurateReport], services: Services
) -> None:
    users = http(connect()).get("/api/v1/users").json()["items"]
    private = {"home": str(services.home.root).encode()}
    for user in users:
        identifier = str(user["id"])
        for secret in (user["api_key"], identifier, identifier.replace("-", "")):
            private[f"{secret} of {user['username']}"] = secret.encode()
    for account in read_json(services.home.accounts).values():
        private[f"password {account['password']}"] = account["password"].encode()
    assert len(private) > 3 * len(users)
    for item in rounds[-1].published.items:
        assert leaks(download(item), private) == []
