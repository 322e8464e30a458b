"""Suggestions of two published models on one frozen encoder: one pass, kept for the next round."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from corpus.articles import Article, Span
from corpus.desk import Desk, read_desk
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from flows.preannotation import pre_annotate
from tests.running import HubService
from tests.training.conftest import tiny_articles
from training.classification.train import train_topics
from training.entities.train import train_entities
from training.examples import EntityExample, topic_examples
from training.prediction import shared as shared_module

OTHER_NAMES = {"person": "person", "place": "location"}


@pytest.fixture
def desk(hub_service: HubService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Its two models lie on the Hub."""
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path / "home"))
    gold = tiny_articles()
    spans = [
        EntityExample(
            r.article.id,
            r.article.text,
            tuple(Span(s.start, s.end, OTHER_NAMES[s.label]) for s in r.spans or ()),
            r.split,
        )
        for r in gold
    ]
    topics, entities = tmp_path / "topics", tmp_path / "entities"
    names = ["Sports", "Business"]
    settings = TopicModelSettings(method="frozen")
    train_topics(topic_examples(gold), names, settings, "offline", 1, topics)
    frozen = EntityModelSettings(method="frozen")
    train_entities(spans, ["person", "location"], frozen, "offline", 1, entities)
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    mark = uuid.uuid4().hex[:8]
    for folder in (topics, entities):
        # By which a repository counts as published.
        (folder / "manifest.json").write_text(json.dumps({"kind": folder.name}))
        api.create_repo(f"copydesk/{mark}-{folder.name}")
        api.upload_folder(repo_id=f"copydesk/{mark}-{folder.name}", folder_path=folder)
    return read_desk(
        "desk.yaml",
        {
            "publish.topic_model": f"copydesk/{mark}-topics",
            "publish.entity_model": f"copydesk/{mark}-entities",
        },
    )


def test_articles_pass_the_encoder_once_in_their_life(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = shared_module._encode

    def counted(shared: Any, ids: Any, mask: Any) -> Any:
        encoded.append(len(ids))
        return encode(shared, ids, mask)

    monkeypatch.setattr(shared_module, "_encode", counted)
    held = [r for r in tiny_articles() if r.split == "test"]
    articles = [r.article for r in held]
    first = pre_annotate(desk, articles)
    # Topics and spans of untitled articles ask for the same.
    assert sum(encoded) == len(articles)
    assert [first[r.article.id].topic for r in held] == [r.topic for r in held]
    assert all(first[a.id].topic_agent.startswith(f"{desk.publish.topic_model}:") for a in articles)
    assert all(
        first[a.id].spans_agent.startswith(f"{desk.publish.entity_model}:") for a in articles
    )
    assert sum(len(first[a.id].spans or ()) for a in articles) >= len(articles)
    assert pre_annotate(desk, articles) == first
    assert sum(encoded) == len(articles)
    titled = Article("t", articles[0].text, title="A cup final")
    spans = pre_annotate(desk, [titled])["t"].spans
    assert [s.span() for s in spans or ()] == [s.span() for s in first[articles[0].id].spans or ()]
    assert sum(encoded) == len(articles) + 1
    assert list((tmp_path / "home" / "embeddings").rglob("*.matrix.npy"))
