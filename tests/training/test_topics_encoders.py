"""Every rung on encoders that bring no pooling, and what other clients make of the result."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from setfit import SetFitModel
from transformers import pipeline

from corpus.articles import ReviewedArticle
from corpus.errors import DeskError
from corpus.settings.models import FineTuneSettings, TopicModelSettings
from tests.training.encoders import bert, roberta
from training.classification.models import FineTunedTopics
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.examples import TopicExample, topic_examples
from training.results import TrainedModel

TOPICS = ["Sports", "Business"]
ENCODERS = {"bert": bert, "roberta": roberta}
FINE_TUNE = FineTuneSettings(epochs=4, batch_size=8, learning_rate=3e-3, frozen_layers=1)
# Longer than any of the tiny encoders can read, empty, and odd.
ODD = ["goal " * 500, "", " ", "\U0001f61a shares\u200b", "العربية"]


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(
    request: pytest.FixtureRequest,
    tiny_gold: list[ReviewedArticle],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    texts = [example.text for example in topic_examples(tiny_gold)]
    return ENCODERS[request.param](tmp_path_factory.mktemp(request.param), texts, layers=3)


def trained(
    examples: Sequence[TopicExample], encoder: str, folder: Path, **settings: object
) -> TrainedModel:
    small = TopicModelSettings(max_steps=3, batch_size=8, fine_tune=FINE_TUNE, **settings)
    return train_topics(examples, TOPICS, small, encoder, 3, folder / "model")


@pytest.mark.parametrize("method", ["frozen", "setfit"])
def test_setfit_loads_what_became_of_it(
    encoder: str, method: str, tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    found = trained(topic_examples(tiny_gold), encoder, tmp_path, method=method)
    assert found.settings["rung"] == method
    predictions = predict_topics(load_topic_model(str(found.folder)), ODD)
    theirs = SetFitModel.from_pretrained(str(found.folder)).predict_proba(ODD, as_numpy=True)
    ours = [list(p.probabilities.values()) for p in predictions]
    assert np.abs(np.array(ours) - theirs).max() < 1e-5


def test_the_pipeline_loads_what_was_fine_tuned(
    encoder: str, tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    found = trained(topic_examples(tiny_gold), encoder, tmp_path, method="fine_tune")
    model = load_topic_model(str(found.folder))
    assert isinstance(model, FineTunedTopics)
    test = [example for example in topic_examples(tiny_gold) if example.split == "test"]
    texts = [example.text for example in test] + ODD
    predictions = predict_topics(model, texts)
    assert [p.topic for p in predictions[: len(test)]] == [e.topics[0] for e in test]
    classify: Any = pipeline("text-classification", model=str(found.folder), top_k=None)
    for said, prediction in zip(classify(texts, truncation=True), predictions, strict=True):
        theirs = {row["label"]: row["score"] for row in said}
        assert theirs == pytest.approx(prediction.probabilities, abs=1e-5)


def test_two_fine_tunings_are_equal_bit_for_bit(
    encoder: str, tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    weights = []
    for name, gold in (("first", tiny_gold), ("second", tiny_gold[::-1])):
        found = trained(topic_examples(gold), encoder, tmp_path / name, method="fine_tune")
        weights.append((found.folder / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_frozen_layers_stay_as_they_were(
    encoder: str, tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    found = trained(topic_examples(tiny_gold), encoder, tmp_path, method="fine_tune")
    before = SetFitModel.from_pretrained(encoder).model_body[0].auto_model.state_dict()
    model = load_topic_model(str(found.folder))
    assert isinstance(model, FineTunedTopics)
    after = model.model.base_model.state_dict()
    moved = {name for name in after if not torch.equal(before[name], after[name])}
    assert not any("embeddings" in name or "layer.0." in name for name in moved)
    assert any("layer.2." in name for name in moved)


def test_a_tokenizer_that_cannot_pad_is_refused(
    tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    encoder = tmp_path / "gpt2"
    texts = [example.text for example in topic_examples(tiny_gold)]
    roberta(tmp_path / "roberta", texts, layers=3)
    kept = PreTrainedTokenizerFast.from_pretrained(tmp_path / "roberta").backend_tokenizer
    PreTrainedTokenizerFast(tokenizer_object=kept, eos_token="</s>").save_pretrained(encoder)
    GPT2Model(GPT2Config(vocab_size=500, n_embd=32, n_layer=2, n_head=2)).save_pretrained(encoder)
    with pytest.raises(DeskError, match="no padding token"):
        trained(topic_examples(tiny_gold), str(encoder), tmp_path, method="frozen")
