"""Models that the libraries push are the ones they load."""

import pytest

from tests.clients.conftest import Findings

pytestmark = pytest.mark.services
CLIENT = "with_models"


def test_transformers_loads_this_version_and_an_older_one(found: Findings) -> None:
    seen = found["transformers"]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(seen["files"])
    assert (seen["now"], seen["old"], seen["differ"]) == (True, True, True)


def test_a_pipeline_predicts_as_the_pushed_model(found: Findings) -> None:
    seen = found["transformers"]
    assert seen["labels"]
    assert seen["scores"] == pytest.approx(seen["expected_scores"], abs=1e-5)


def test_a_lora_adapter_finds_its_base(found: Findings) -> None:
    assert found["peft"] == {"same": True, "base": True, "weights": ["adapter_model.safetensors"]}


def test_a_sentence_encoder_encodes_the_same(found: Findings) -> None:
    assert found["sentence_transformers"] == {"same": True, "modules": ["Transformer", "Pooling"]}


def test_a_setfit_model_keeps_labels_and_predictions(found: Findings) -> None:
    seen = found["setfit"]
    assert seen == {"labels": ["world", "sports"], "predicted": True, "same": True}
