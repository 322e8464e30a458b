"""Entity models that are really trained, saved, and loaded by transformers itself."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from transformers import pipeline

from corpus.articles import ReviewedArticle, Span
from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings
from training.entities.predict import (
    EntityModel,
    load_entity_model,
    predict_entities,
    whole_mention,
)
from training.entities.train import train_entities
from training.examples import entity_examples
from training.results import TrainedModel

TYPES = ["person", "place"]
SMALL = EntityModelSettings(
    epochs=6,
    batch_size=8,
    learning_rate=5e-4,
    max_length_tokens=48,
    stride_tokens=8,
)


@pytest.fixture(scope="module")
def trained(
    tiny_gold: list[ReviewedArticle], tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    folder = tmp_path_factory.mktemp("entities") / "model"
    return train_entities(entity_examples(tiny_gold), TYPES, SMALL, "offline", 7, folder)


@pytest.fixture(scope="module")
def model(trained: TrainedModel) -> Iterator[EntityModel]:
    yield load_entity_model(str(trained.folder))


def mentions(text: str, model: EntityModel) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.label) for s in predict_entities(model, [text])[0]]


def test_it_learned_the_tiny_desk(model: EntityModel, tiny_gold: list[ReviewedArticle]) -> None:
    test = [r for r in tiny_gold if r.split == "test"]
    found = predict_entities(model, [r.article.text for r in test])
    assert [tuple(s.span() for s in spans) for spans in found] == [r.spans for r in test]
    assert all(0.5 < s.score <= 1 for spans in found for s in spans)


def test_a_plain_pipeline_loads_it(trained: TrainedModel, model: EntityModel) -> None:
    text = "Celia Prager scored twice as Kilmarra won the cup final."
    tagger: Any = pipeline(
        "token-classification", model=str(trained.folder), aggregation_strategy="simple"
    )
    found = [(text[e["start"] : e["end"]], e["entity_group"]) for e in tagger(text)]
    assert found == mentions(text, model) == [("Celia Prager", "person"), ("Kilmarra", "place")]


def test_saved_labels_are_in_schema_order(trained: TrainedModel, model: EntityModel) -> None:
    config = json.loads((trained.folder / "config.json").read_text(encoding="utf-8"))
    assert list(config["id2label"].values()) == [
        "O", "B-person", "I-person", "B-place", "I-place",
    ]  # fmt: skip
    assert model.entity_types == ("person", "place")


def test_batches_of_any_order_give_the_same_spans(
    model: EntityModel, tiny_gold: list[ReviewedArticle]
) -> None:
    texts = [r.article.text * (1 + i % 4) for i, r in enumerate(tiny_gold[:10])] + ["", "  "]
    together = predict_entities(model, texts)
    assert together[-2:] == [(), ()]
    for text, spans in zip(texts, together, strict=True):
        alone = predict_entities(model, [text])[0]
        assert [s.span() for s in alone] == [s.span() for s in spans]


def test_no_mention_of_a_long_article_is_lost(model: EntityModel) -> None:
    sentence = "Finn Osei scored twice as Devarkot won the cup final. "
    text = sentence * 60
    assert model.tokenizer.model_max_length == SMALL.max_length_tokens
    found = predict_entities(model, [text])[0]
    assert [s.label for s in found].count("person") >= 57
    assert {text[s.start : s.end] for s in found if s.label == "person"} == {"Finn Osei"}
    assert max(s.end for s in found) > len(text) - len(sentence)


def test_offsets_are_code_points(model: EntityModel) -> None:
    text = "🎉🎉\r\nAda Okafor scored twice as Port Ansel won the cup final."
    assert ("Ada Okafor", "person") in mentions(text, model)


@pytest.mark.parametrize(
    ("text", "start", "end", "mention"),
    [
        ("by Rene\u0301 now", 3, 7, "Rene\u0301"),
        (" Ada  ", 0, 6, "Ada"),
        ("   ", 0, 3, ""),
        ("Ada", 0, 3, "Ada"),
    ],
    ids=["combining", "spaces", "blank", "as-is"],
)
def test_mentions_are_whole_and_trimmed(text: str, start: int, end: int, mention: str) -> None:
    first, after = whole_mention(text, start, end)
    assert text[first:after] == mention


def test_facts_of_the_training(trained: TrainedModel, tiny_gold: list[ReviewedArticle]) -> None:
    assert trained.kind == "entities"
    assert trained.examples == sum(r.split == "train" for r in tiny_gold)
    assert SMALL.early_stopping_epochs < len(trained.curve) <= SMALL.epochs
    first, last = trained.curve[0], trained.curve[-1]
    assert None not in (last.train_loss, last.validation_loss, last.validation_score)
    assert (last.train_loss or 0) < (first.train_loss or 0)
    assert last.validation_score == 1.0
    assert json.dumps([trained.settings, [asdict(p) for p in trained.curve]])
    assert trained.settings["spans_repaired"] == 0


def test_the_same_seed_gives_the_same_model(
    tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    settings = SMALL.model_copy(update={"epochs": 1})
    texts = [r.article.text for r in tiny_gold[:6]]
    progress: list[tuple[int, int]] = []
    weights, spans = [], []
    for name in ("a", "b"):
        folder = train_entities(
            entity_examples(tiny_gold),
            TYPES,
            settings,
            "offline",
            3,
            tmp_path / name,
            lambda step, total: progress.append((step, total)),
        ).folder
        loaded = load_entity_model(str(folder))
        weights.append(float(loaded.model.classifier.weight.detach().double().sum()))
        spans.append(predict_entities(loaded, texts))
    assert weights[0] == pytest.approx(weights[1], abs=1e-6)
    assert spans[0] == spans[1]
    steps = progress[-1][1]
    assert steps >= sum(r.split == "train" for r in tiny_gold) / settings.batch_size
    assert progress == [(i, steps) for i in range(1, steps + 1)] * 2


def test_no_span_to_learn_from_is_refused(tiny_gold: list[ReviewedArticle], tmp_path: Path) -> None:
    bare = [replace(r, spans=()) for r in tiny_gold]
    with pytest.raises(DeskError, match="of 32 in the train split none has one"):
        train_entities(entity_examples(bare), TYPES, SMALL, "offline", 7, tmp_path / "model")


def cut_off(article: ReviewedArticle) -> Span:
    first, *_ = article.spans or ()
    return Span(first.start + 1, first.end, first.label)


def test_it_trains_without_validation_and_counts_repairs(
    tiny_gold: list[ReviewedArticle], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train = [r for r in tiny_gold if r.split == "train"][:8]
    # Behind the first letter of the first name of each.
    cut = [replace(r, spans=(cut_off(r), *(r.spans or ())[1:])) for r in train]
    settings = SMALL.model_copy(update={"epochs": 1})
    found = train_entities(entity_examples(cut), TYPES, settings, "offline", 7, tmp_path / "model")
    # In two of the names the first letter is a token of its own.
    assert found.settings["spans_repaired"] == found.settings["span widened to whole tokens"] == 6
    (said,) = (m for m in caplog.messages if m.startswith("training examples:"))
    assert said.endswith("whole tokens: 6, in a000, a001, a004, a005, a006 and 1 more")
    assert all(point.validation_loss is None for point in found.curve)
    assert found.curve_png.is_file()
