"""Manifests for tests of cards: of a real small review, and of made-up models."""

import json
from typing import Any

from datasets import Features

from corpus.articles import Span
from corpus.instruct.answers import ENTITY, TOPIC
from publishing.dataset import dataset_features
from publishing.describe_dataset import describe_dataset
from publishing.manifest import DatasetManifest, ModelManifest
from publishing.manifest_parts import Answers, License, Lineage, Provenance, Training, WrongAnswer
from publishing.responses_config import disagreements_features, responses_features
from publishing.sft_config import sft_features
from publishing.shards import WrittenConfig
from tests.publishing.reviews import TOPICS, TYPES, desk, some_review
from training.evaluation import score_entities, score_topics

REPO = "lantern/harbour-news"
MADE_BY = Provenance(
    copydesk_version="0.1.0",
    code_revision="0123456789ab",
    desk="harbour",
    desk_digest="ab12cd34ef56",
)


def manifest_json(files: dict[str, str]) -> str:
    """The least that says whose it is, and which files are ours."""
    made_by = {"copydesk_version": "0.1.0"}
    return json.dumps({"kind": "dataset", "provenance": made_by, "files": files})


def configs_of(about: Any) -> list[WrittenConfig]:
    """As if 12 articles had been written."""
    topics, entities = list(about.labels.topics), list(about.labels.entities)

    def config(name: str, features: Features, rows: dict[str, int]) -> WrittenConfig:
        folder = "data" if name == "default" else name
        return WrittenConfig(name, folder, features, rows, {s: 9 * n for s, n in rows.items()}, 99)

    return [
        config("default", dataset_features(about, licensed=False), {"train": 9, "test": 3}),
        config("responses", responses_features(topics, entities), {"full": 36}),
        config("disagreements", disagreements_features(topics, entities), {"full": 3}),
        config("sft", sft_features(licensed=False), {"train": 9, "test": 3}),
    ]


def dataset_manifest(
    topics: bool = True, entities: bool = True, simulated: bool = True, **changes: Any
) -> DatasetManifest:
    """Of a desk that asks for topics, entities or both."""
    about = desk(
        **{
            "labels.topics": TOPICS if topics else {},
            "labels.entities": TYPES if entities else {},
        }
    )
    review = some_review(about)
    made = describe_dataset(
        about, review, configs_of(about), {"data/train.parquet": "0a" * 32}, MADE_BY
    )
    if not simulated:
        made = made.model_copy(update={"answers": made.answers.model_copy(update={"simulated": 0})})
    return made.model_copy(update=changes)


def model_manifest(
    kind: str = "topics",
    simulated: bool = True,
    scored: bool = True,
    benchmark: bool = False,
    **changes: Any,
) -> ModelManifest:
    """With real scores, in every digit, of a few articles."""
    labels = TYPES if kind == "entities" else TOPICS
    if kind == "instructions":
        labels = {TOPIC + name: said for name, said in TOPICS.items()}
        labels |= {ENTITY + name: said for name, said in TYPES.items()}
    scores = _scores(kind)
    facts: dict[str, Any] = {
        "kind": kind,
        "library": {"topics": "setfit", "entities": "transformers", "instructions": "peft"}[kind],
        "pretty_name": "Harbour News",
        "license": License(id="apache-2.0"),
        "language": "en",
        "provenance": MADE_BY,
        "lineage": Lineage(
            base_model="sentence-transformers/all-MiniLM-L6-v2",
            base_license="apache-2.0",
            dataset=REPO,
            dataset_revision="0123456789abcdef0123456789abcdef01234567",
            dataset_tag="v3",
            dataset_digest="0a" * 8,
            test_digest="0b" * 8,
            guidelines=["9f8e7d6c5b4a"],
        ),
        "labels": labels,
        "answers": Answers(
            submitted=3812,
            discarded=4,
            simulated=3812 if simulated else 0,
            annotators=3,
            first="2031-03-01T09:30:00+00:00",
            last="2031-03-02T09:30:00+00:00",
        ),
        "training": Training(
            key="00ff00ff00ff00ff",
            seed=42,
            settings={"learning_rate": 2e-05, "max_length_tokens": 128, "per_class": "all"},
            examples=1207,
            diagnosis="Healthy: training loss falls, and validation does not turn against it.",
            wall_seconds=31.5,
            cpu_seconds=55.25,
            environment={"Python": "3.11.7", "torch": "2.13.0"},
        ),
        "scores": scores if scored else {},
        "benchmark": scores if benchmark else {},
        "benchmark_name": "harbour.csv, split test",
        "blind_test": True,
        "errors": [_wrong()] if scored else [],
        "wrong": 1 if scored else None,
        "files": {"model.safetensors": "0b" * 32},
    }
    return ModelManifest(**facts | changes)


def _wrong() -> WrongAnswer:
    return WrongAnswer(
        id="00000000000000aa",
        excerpt="The | cup of 2031 …",
        gold=["World"],
        predicted=["Sports (0.91)"],
    )


def _scores(kind: str) -> dict[str, Any]:
    if kind == "entities":
        gold = [[Span(0, 3, "person"), Span(5, 9, "event")]] * 3 + [[], [Span(1, 2, "event")]]
        found = [[Span(0, 3, "person")]] * 3 + [[Span(1, 4, "person")], [Span(1, 2, "event")]]
        return score_entities(gold, found, list(TYPES), 1, 50).to_dict()
    topics = list(TOPICS)
    scores = score_topics(topics[:2] * 5 + ["World"], ["World"] * 11, topics, 1, 50).to_dict()
    if kind == "topics":
        return scores
    value = scores["accuracy"]
    return {"n": 11, "json_validity": value, "topic_accuracy": value, "entity_f1": value}
