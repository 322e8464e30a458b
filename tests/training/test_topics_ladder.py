"""The rule that chooses a rung, and the parts that the rungs are made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from corpus.settings.models import FineTuneSettings, TopicModelSettings
from training.classification import setfit_rung
from training.classification.batches import TopicsInTurn
from training.classification.calibration import (
    NONE,
    calibrate,
    log_loss,
    smoothed,
    to_probabilities,
)
from training.classification.data import TopicData, parts
from training.classification.fine_tune import precision
from training.classification.halves import FEWEST_TEXTS, text_halves
from training.classification.ladder import Trial, judge, proposal, trial_parts
from training.classification.loss import AllPairsLoss
from training.classification.lower_layers import HiddenStates, freeze_lower_layers, remembered
from training.classification.scores import best_threshold, example_scores
from training.classification.topic_names import name_examples, together_with
from training.classification.train import train_topics
from training.encoder import encoder_path
from training.examples import TopicExample

TEXTS = ["The striker scored.", "Shares fell as the bank lost money in a bad quarter.", "A goal!"]


def data(*counts: int) -> TopicData:
    """So many texts of each topic."""
    names = tuple(f"t{i}" for i in range(len(counts)))
    gold = np.repeat(np.eye(len(counts), dtype=int), counts, axis=0)
    return TopicData(tuple(f"text {i}" for i in range(sum(counts))), gold, names, several=False)


def trial(gold: TopicData, wrong: int) -> Trial:
    """Of a model that is wrong about the first so many texts."""
    logits = gold.gold * 4.0
    logits[:wrong] = -logits[:wrong]
    return Trial(np.arange(len(gold)), logits)


def test_a_trial_of_much_gold_is_small_and_knows_every_topic() -> None:
    assert [len(part) for part in trial_parts(data(1000, 1000), 1)] == [250, 250]
    assert [len(part) for part in trial_parts(data(60, 60), 1)] == [60, 60]
    rare = data(1996, 4)
    assert [rare.at(part).rarest() for part in trial_parts(rare, 1)] == [2, 2]


def test_the_amount_of_gold_proposes() -> None:
    assert proposal(data(8, 8)) == "setfit"
    assert proposal(data(999, 1000)) == "setfit"
    assert proposal(data(1000, 1000)) == "fine_tune"


@pytest.mark.parametrize(
    ("dear_wrong", "cheap_wrong", "rung"),
    [(5, 9, "setfit"), (5, 5, "setfit"), (6, 5, "setfit"), (15, 5, "frozen")],
)
def test_cross_validation_may_refuse_a_proposal(
    dear_wrong: int, cheap_wrong: int, rung: str
) -> None:
    gold = data(20, 20)
    found = judge("setfit", trial(gold, dear_wrong), trial(gold, cheap_wrong), gold)
    assert found.rung == rung
    assert found.scores == {"setfit": 1 - dear_wrong / 40, "frozen": 1 - cheap_wrong / 40}
    assert found.to_settings()["cross_validated_on"] == 40


def test_parts_hold_their_share_of_every_topic() -> None:
    gold = data(40, 20)
    found = parts(gold, 10, seed=1)
    assert sorted(np.concatenate(found).tolist()) == list(range(60))
    assert {tuple(gold.at(part).gold.sum(axis=0)) for part in found} == {(4, 2)}


def test_batches_take_topics_in_turn_and_every_text_as_often() -> None:
    groups = [0] * 10 + [1] * 10 + [2] * 10
    batches = list(TopicsInTurn(groups, 6, groups, steps=10, seed=3))
    assert [len(batch) for batch in batches] == [6] * 10
    for batch in batches:
        assert len(set(batch)) == 6
        assert np.bincount([groups[i] for i in batch]).tolist() == [2, 2, 2]
    assert np.bincount(np.concatenate(batches)).tolist() == [2] * 30
    assert batches == list(TopicsInTurn(groups, 6, groups, steps=10, seed=3))
    assert batches != list(TopicsInTurn(groups, 6, groups, steps=10, seed=4))


def test_batches_hold_pairs_even_of_many_or_rare_topics() -> None:
    many = [i // 2 for i in range(40)]
    for batch in TopicsInTurn(many, 8, many, steps=10, seed=0):
        assert np.bincount([many[i] for i in batch]).max() == 2
    rare = [0] * 20 + [1]
    for batch in TopicsInTurn(rare, 8, rare, steps=5, seed=0):
        assert len(set(batch)) == 8 and 20 in batch


def test_the_loss_is_that_of_every_pair() -> None:
    model = SentenceTransformer(encoder_path("offline"), device="cpu").eval()
    labels = torch.tensor([0, 1, 0])
    loss = AllPairsLoss(model)([model.preprocess(TEXTS)], labels)
    vectors = model.encode(TEXTS, convert_to_tensor=True)
    cosine = functional.cosine_similarity(vectors[:, None], vectors[None], dim=2)
    alike, different = (cosine[0, 2] - 1) ** 2, (cosine[0, 1] ** 2 + cosine[1, 2] ** 2) / 2
    assert loss.item() == pytest.approx(((alike + different) / 2).item(), abs=1e-5)
    # One topic in common is enough to be alike.
    several = torch.tensor([[1, 1], [0, 1], [1, 0]])
    assert AllPairsLoss(model)([model.preprocess(TEXTS)], several).item() != loss.item()


def test_a_batch_without_a_pair_of_one_kind_has_a_loss() -> None:
    model = SentenceTransformer(encoder_path("offline"), device="cpu")
    loss = AllPairsLoss(model)([model.preprocess(TEXTS)], torch.tensor([0, 1, 2]))
    loss.backward()
    assert torch.isfinite(loss)


def test_frozen_layers_are_computed_once_and_give_the_same() -> None:
    encoder = AutoModel.from_pretrained(encoder_path("offline")).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder_path("offline"))
    assert freeze_lower_layers(encoder, 4) == 4
    inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
    calls: list[int] = []
    encoder.encoder.layer[3].attention.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        plain = encoder(**inputs).last_hidden_state
        calls.clear()
        with remembered(encoder, 4, HiddenStates()):
            first = encoder(**inputs).last_hidden_state
            encoder.train().eval()
            alone = encoder(**tokenizer(TEXTS[1:2], return_tensors="pt")).last_hidden_state
        assert len(calls) == 1
        after = encoder(**inputs).last_hidden_state
    assert torch.equal(first, plain) and torch.equal(after, plain)
    assert torch.allclose(alone[0], plain[1, : alone.shape[1]], atol=1e-5)
    assert "forward" not in encoder.encoder.layer[0].__dict__


def test_dropout_is_off_in_frozen_layers_only() -> None:
    encoder = AutoModel.from_pretrained(encoder_path("offline")).train()
    freeze_lower_layers(encoder, 3)
    inputs = AutoTokenizer.from_pretrained(encoder_path("offline"))(TEXTS[:1], return_tensors="pt")
    seen: list[torch.Tensor] = []
    encoder.encoder.layer[2].register_forward_hook(lambda _, __, out: seen.append(out))
    with remembered(encoder, 3, HiddenStates()):
        outputs = [encoder(**inputs).last_hidden_state for _ in range(2)]
    assert torch.equal(*seen)
    assert not torch.equal(*outputs)


def test_the_temperature_that_was_put_in_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3)) * 2
    chances = to_probabilities(logits, exclusive=True)
    gold = np.stack([random.multinomial(1, p) for p in chances])
    found = calibrate(logits * 3, gold, True, "validation")
    assert found.temperature == pytest.approx(3, rel=0.1)


def test_the_temperature_of_several_topics_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3)) * 2
    gold = (random.random(logits.shape) < to_probabilities(logits, exclusive=False)).astype(int)
    found = calibrate(logits / 2, gold, False, "validation")
    assert found.temperature == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(("n", "most"), [(25, 0.97), (400, 0.998)])
def test_few_right_answers_make_nothing_certain(n: int, most: float) -> None:
    gold = np.eye(3, dtype=int)[np.arange(n) % 3]
    logits = gold * 1.5 + np.random.default_rng(0).normal(size=gold.shape) / 5
    found = calibrate(logits, gold, True, "validation")
    said = to_probabilities(logits / found.temperature, exclusive=True).max(axis=1)
    assert 0.9 < said.mean() < most


def test_a_model_for_several_topics_stays_one_where_each_text_has_one() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(60, 3)) * 2
    gold = np.eye(3, dtype=int)[(logits + random.normal(size=logits.shape)).argmax(axis=1)]
    temperatures = np.linspace(0.3, 5, 400)
    losses = [log_loss(logits / t, smoothed(gold, False), False) for t in temperatures]
    best = temperatures[int(np.argmin(losses))]
    found = calibrate(logits, gold, False, "validation").temperature
    assert found == pytest.approx(best, abs=0.02)
    assert found != pytest.approx(calibrate(logits, gold, True, "x").temperature, abs=0.05)


def test_few_golds_give_no_temperature() -> None:
    gold = np.eye(2, dtype=int)[[0, 1, 0, 1, 0]]
    assert calibrate(np.zeros((5, 2)), gold, True, "validation") == NONE


def test_scores_and_threshold_of_several_topics() -> None:
    gold = TopicData(("a", "b", "c"), np.array([[1, 1], [0, 1], [0, 0]]), ("x", "y"), several=True)
    logits = np.array([[3.0, -0.5], [-3.0, 2.0], [-3.0, -3.0]])
    assert example_scores(logits, gold).tolist() == [0.5, 1.0, 1.0]
    threshold = best_threshold(logits, gold)
    assert threshold < 0.38
    assert example_scores(logits, gold, threshold).tolist() == [1.0, 1.0, 1.0]


def test_precision_is_that_of_the_device_unless_the_desk_says_so() -> None:
    if not torch.cuda.is_available():
        assert precision(FineTuneSettings()) == {"bf16": False, "fp16": False}
    assert precision(FineTuneSettings(precision="bf16")) == {"bf16": True, "fp16": False}


@pytest.mark.parametrize(("names", "taught"), [(("Sports", "Business"), 2), (("c1", "c2"), 0)])
def test_names_are_taught_where_they_say_something(names: tuple[str, str], taught: int) -> None:
    model = SentenceTransformer(encoder_path("offline"), device="cpu")
    texts = (TEXTS[0], TEXTS[1], TEXTS[2], "The company sold its factory.") * 4
    gold = TopicData(texts, np.eye(2, dtype=int)[[0, 1] * 8], names, several=False)

    def embed(some: Sequence[str]) -> np.ndarray:
        return np.asarray(model.encode(list(some), normalize_embeddings=True))

    found = name_examples(gold, embed(texts), embed)
    assert len(found) == taught
    both = together_with(gold, found)
    assert both.gold.sum(axis=0).tolist() == [8 + taught // 2] * 2


def some_texts(count: int, several: bool = False) -> TopicData:
    words = "one two three four five six seven eight nine ten eleven twelve"
    texts = tuple(f"{words} and many more of number {i}" for i in range(count))
    return TopicData(texts, np.eye(2, dtype=int)[np.arange(count) % 2], ("a", "b"), several)


def test_halves_have_the_topic_of_the_whole() -> None:
    data = some_texts(FEWEST_TEXTS)
    found = text_halves(data, 3 * FEWEST_TEXTS)
    pairs = list(zip(found.texts[::2], found.texts[1::2], strict=True))
    assert tuple(f"{first} {second}" for first, second in pairs) == data.texts
    assert all(abs(len(a.split()) - len(b.split())) <= 1 for a, b in pairs)
    assert (found.gold == np.repeat(data.gold, 2, axis=0)).all()


def test_halves_are_taken_of_some_amounts_and_of_one_topic_a_text() -> None:
    assert not len(text_halves(some_texts(FEWEST_TEXTS - 1), 1000))
    assert not len(text_halves(some_texts(FEWEST_TEXTS), 3 * FEWEST_TEXTS - 1))
    assert not len(text_halves(some_texts(FEWEST_TEXTS, several=True), 1000))
    short = TopicData(
        ("too short",) * 100, np.eye(2, dtype=int)[np.arange(100) % 2], ("a", "b"), False
    )
    assert not len(text_halves(short, 1000))


def test_setfit_learns_from_halves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("training.classification.halves.FEWEST_TEXTS", 8)
    contrasted: list[int] = []
    real = setfit_rung.contrast

    def counted(body: Any, data: TopicData, *rest: Any) -> None:
        contrasted.append(len(data))
        real(body, data, *rest)

    monkeypatch.setattr(setfit_rung, "contrast", counted)
    texts = some_texts(12).texts
    gold = [TopicExample(f"e{i}", text, ("ab"[i % 2],), "train") for i, text in enumerate(texts)]
    settings = TopicModelSettings(method="setfit", max_steps=3, batch_size=12)
    found = train_topics(gold, ["a", "b"], settings, "offline", 1, tmp_path / "model")
    names = found.settings["topic_names_taught"]
    assert found.settings["half_texts_taught"] == 24
    assert contrasted == [12 + 24 + names]
