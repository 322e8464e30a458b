"""Which part of an encoder learns how fast."""

import pytest
from transformers import AutoModelForTokenClassification

from training.entities.rates import SHAPES_TIMES, groups_by_layer


@pytest.mark.parametrize("kind", ["uncased", "roberta", "deberta"])
def test_each_layer_down_learns_slower(tiny_encoders: dict[str, str], kind: str) -> None:
    model = AutoModelForTokenClassification.from_pretrained(tiny_encoders[kind])
    model.get_input_embeddings().requires_grad_(False)
    groups = groups_by_layer(model, 0.1, 0.5)
    names = {parameter: name for name, parameter in model.named_parameters()}
    rates = {names[p]: group["lr"] for group in groups for p in group["params"]}
    assert set(rates) == {name for name, p in model.named_parameters() if p.requires_grad}
    wanted = {"classifier.weight": 0.1, ".layer.1.": 0.1, ".layer.0.": 0.05, ".embeddings.": 0.025}
    for part, rate in wanted.items():
        found = {value for name, value in rates.items() if part in name}
        assert sorted(found) == [pytest.approx(rate)], part


def test_without_decay_all_learn_alike_but_shapes(tiny_encoders: dict[str, str]) -> None:
    model = AutoModelForTokenClassification.from_pretrained(tiny_encoders["cased"])
    assert [group["lr"] for group in groups_by_layer(model, 0.1, 1.0)] == [0.1]
    embeddings = model.get_input_embeddings()
    embeddings.shapes = embeddings.weight
    del embeddings._parameters["weight"]
    assert {group["lr"] for group in groups_by_layer(model, 0.1, 1.0)} == {0.1, 0.1 * SHAPES_TIMES}
