"""One pass of a frozen encoder for two models: the same predictions, from disk too."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from benchmarks.plain_pipelines import decoded, entity_pipeline, topic_pipeline
from corpus.articles import ReviewedArticle
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.entities.predict import load_entity_model, predict_entities
from training.entities.train import train_entities
from training.examples import entity_examples, topic_examples
from training.prediction import shared as shared_module
from training.prediction.cache import VectorCache
from training.prediction.sequences import batches_by_length
from training.prediction.shared import Caches, Predicted, SharedEncoder, predict_both, share

TYPES = ["person", "place"]
PLAIN_CLIENT = """
import json, sys
from transformers import pipeline
tagger = pipeline("token-classification", model=sys.argv[1], trust_remote_code=True)
print(json.dumps([[t["entity"], t["start"], t["end"]] for t in tagger(sys.argv[2])]))
"""


@pytest.fixture(scope="module")
def folders(
    tiny_gold: list[ReviewedArticle], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    topics, entities = (tmp_path_factory.mktemp("frozen") / name for name in ("t", "e"))
    settings = TopicModelSettings(method="frozen", max_length_tokens=32)
    train_topics(topic_examples(tiny_gold), ["Sports", "Business"], settings, "offline", 7, topics)
    train_entities(
        entity_examples(tiny_gold),
        TYPES,
        EntityModelSettings(method="frozen", max_length_tokens=48, stride_tokens=8),
        "offline",
        7,
        entities,
    )
    return str(topics), str(entities)


@pytest.fixture(scope="module")
def both(folders: tuple[str, str]) -> SharedEncoder:
    found = share(load_topic_model(folders[0]), load_entity_model(folders[1]))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def texts(tiny_gold: list[ReviewedArticle]) -> list[str]:
    odd = ["", "  ", "🎉 McDonald met Ada Okafor\r\nin DEVARKOT.", "Rene\u0301 Osei", "😀"]
    long = " ".join(r.article.text for r in tiny_gold[:12])
    return [r.article.text for r in tiny_gold[:16]] + [*odd, long]


def plain(both: SharedEncoder, texts: Sequence[str]) -> Predicted:
    return Predicted(predict_topics(both.topics, texts), predict_entities(both.entities, texts))


def assert_same(found: Predicted, wanted: Predicted) -> None:
    assert [t.topic for t in found.topics] == [t.topic for t in wanted.topics]
    for ours, theirs in zip(found.topics, wanted.topics, strict=True):
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-4)
    spans = [[s.span() for s in part] for part in found.spans]
    assert spans == [[s.span() for s in part] for part in wanted.spans]
    scores = [s.score for part in found.spans for s in part]
    assert scores == pytest.approx([s.score for part in wanted.spans for s in part], abs=2e-3)


def test_it_learned_the_tiny_desk(both: SharedEncoder, tiny_gold: list[ReviewedArticle]) -> None:
    test = [r for r in tiny_gold if r.split == "test"]
    found = predict_both(both, *[[r.article.text for r in test]] * 2)
    assert [t.topic for t in found.topics] == [r.topic for r in test]
    hits = sum(
        {s.span() for s in part} == set(r.spans or ())
        for part, r in zip(found.spans, test, strict=True)
    )
    assert hits >= len(test) * 3 / 4


def test_only_settings_that_were_used_are_told(
    tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    examples = entity_examples(tiny_gold)
    settings = EntityModelSettings(method="frozen", head_epochs=1)
    found = train_entities(examples, TYPES, settings, "offline", 7, tmp_path / "m")
    assert found.settings["head_layer"] == 3 and found.settings["head_epochs"] == 1
    assert "epochs" not in found.settings and "learning_rate" not in found.settings
    assert [point.step for point in found.curve] == [found.curve[-1].step]


def test_one_pass_says_what_two_say(both: SharedEncoder, texts: list[str]) -> None:
    assert_same(predict_both(both, texts, texts), plain(both, texts))


def test_texts_of_the_two_may_differ(both: SharedEncoder, texts: list[str]) -> None:
    titled = [f"A title\n{text}" for text in texts]
    found = predict_both(both, titled, texts)
    assert_same(
        found,
        Predicted(predict_topics(both.topics, titled), predict_entities(both.entities, texts)),
    )


def test_what_was_seen_costs_no_encoding(
    both: SharedEncoder, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def caches() -> Caches:
        return Caches(
            VectorCache(tmp_path, both.revision), VectorCache(tmp_path, both.revision, "float32")
        )

    encoded: list[int] = []
    encode = shared_module._encode

    def counted(shared: SharedEncoder, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        encoded.append(len(ids))
        return encode(shared, ids, mask)

    monkeypatch.setattr(shared_module, "_encode", counted)
    fresh = predict_both(both, texts, texts)
    without = sum(encoded)
    first = predict_both(both, texts, texts, caches())
    assert sum(encoded) == 2 * without
    assert_same(first, fresh)
    again = predict_both(both, texts, [*texts[1:], "A new one by Ada Okafor."], caches())
    assert sum(encoded) == 2 * without + 1
    assert_same(Predicted(again.topics, again.spans[:-1]), Predicted(fresh.topics, fresh.spans[1:]))


def test_other_weights_are_another_encoder(both: SharedEncoder, folders: tuple[str, str]) -> None:
    other = load_entity_model(folders[1])
    assert share(both.topics, other) is not None
    with torch.no_grad():
        next(other.model.encoder.parameters())[5, 0] += 1e-3
    assert share(both.topics, other) is None


def test_pipelines_say_the_same(both: SharedEncoder, texts: list[str]) -> None:
    some = [text for text in texts if text.strip()][:-1]
    topics, entities = topic_pipeline(both.topics), entity_pipeline(both.entities)
    found = predict_both(both, some, some)
    assert [t.topic for t in found.topics] == [t["label"] for t in topics(some, truncation=True)]
    for text, spans in zip(some, found.spans, strict=True):
        assert [s.span() for s in spans] == list(decoded(entities, text, both.entities.tags))


def test_pipelines_say_the_same_of_real_news(both: SharedEncoder, shared_data: Path) -> None:
    news = pd.read_parquet(shared_data / "ag_news_small.parquet")["text"].head(120).tolist()
    # What is longer than a window a pipeline cuts off; here it is read in several.
    window = both.entities.window_tokens
    news = [t for t in news if len(both.entities.tokenizer(t)["input_ids"]) <= window]
    assert len(news) > 30
    topics, entities = topic_pipeline(both.topics), entity_pipeline(both.entities)
    found = predict_both(both, news, news)
    labels = [topic["label"] for topic in topics(news, truncation=True)]
    assert sum(t.topic != label for t, label in zip(found.topics, labels, strict=True)) == 0
    spans = [[s.span() for s in part] for part in found.spans]
    wanted = [list(decoded(entities, text, both.entities.tags)) for text in news]
    assert sum(a != b for a, b in zip(spans, wanted, strict=True)) <= 1
    assert sum(map(len, spans)) > 30


def test_plain_transformers_load_it_with_its_published_code(
    folders: tuple[str, str], both: SharedEncoder, tmp_path: Path
) -> None:
    text = "Celia Prager scored twice as Kilmarra won the cup final."
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN_CLIENT, folders[1], text],
        cwd=tmp_path,
        env={**kept, "HF_MODULES_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    tagger = entity_pipeline(both.entities)
    ours = [[t["entity"], t["start"], t["end"]] for t in tagger(text)]
    assert json.loads(done.stdout.splitlines()[-1]) == ours
    assert ours


def test_batches_hold_every_text_once_within_the_budget() -> None:
    lengths = [3, 700, 5, 5, 90, 512, 1, 60]
    batches = list(batches_by_length(lengths, 512))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 512
