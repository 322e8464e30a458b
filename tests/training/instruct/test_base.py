"""Base models and adapters that cannot be used say why, and what mends it."""

import json
from pathlib import Path

import pytest
import torch

from corpus.errors import DeskError
from tests.training.instruct.tiny import SETTINGS, save_tiny, tiny_pairs
from training.instruct.adapter import load_adapter
from training.instruct.base import load_base
from training.instruct.generate import generate_answers
from training.instruct.merged import write_merged
from training.instruct.train import train_instructions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(save_tiny(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def adapter(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "adapter"
    train_instructions(tiny_pairs(), load_base(str(folder), "a/tiny"), SETTINGS, 3, out)
    return out


def changed(folder: Path, out: Path, **values: object) -> str:
    """A copy with other values in its tokenizer's configuration."""
    import shutil

    shutil.copytree(folder, out)
    file = out / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    return str(out)


def test_a_model_without_chat_template_is_refused(folder: Path, tmp_path: Path) -> None:
    name = changed(folder, tmp_path / "bare")
    (tmp_path / "bare/chat_template.jinja").unlink()
    with pytest.raises(DeskError, match="no chat template") as error:
        load_base(name)
    assert "models.instructions.base" in error.value.next_step


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ raise_exception('no system role') }}", "takes no system, user and assistant"),
        (
            "{% for m in messages %}{{ m.content }}{% endfor %}"
            "{% if add_generation_prompt %}?{% endif %}",
            "do not begin with",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(
    folder: Path, tmp_path: Path, template: str, words: str
) -> None:
    name = changed(folder, tmp_path / "odd")
    (tmp_path / "odd/chat_template.jinja").write_text(template)
    with pytest.raises(DeskError, match=words) as error:
        load_base(name)
    assert "models.instructions.base" in error.value.next_step


def test_a_model_without_an_end_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="ends an answer"):
        load_base(changed(folder, tmp_path / "endless", eos_token=None))


def test_without_a_pad_token_the_end_pads(folder: Path, tmp_path: Path) -> None:
    base = load_base(changed(folder, tmp_path / "padless", pad_token=None))
    assert base.tokenizer.pad_token == base.tokenizer.eos_token
    assert base.model.config.pad_token_id == base.tokenizer.eos_token_id


def test_what_is_no_language_model_is_refused(tmp_path: Path, folder: Path) -> None:
    name = changed(folder, tmp_path / "cut")
    (tmp_path / "cut/model.safetensors").write_bytes(b"cut off")
    with pytest.raises(DeskError, match="no causal language model"):
        load_base(name)


def test_a_context_that_is_too_small_is_named(folder: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"max_length_tokens": 4096})
    with pytest.raises(DeskError, match="reads 320 tokens") as error:
        train_instructions(tiny_pairs(), load_base(str(folder)), settings, 1, tmp_path / "m")
    assert "max_length_tokens=320" in error.value.next_step


def test_four_bits_need_a_gpu(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeskError, match="four_bit needs a CUDA GPU"):
        load_base(str(folder), four_bit=True)


def test_an_adapter_of_another_base_is_refused(adapter: Path, folder: Path) -> None:
    with pytest.raises(DeskError, match="trained on 'a/tiny', not on 'b/other'"):
        load_adapter(adapter, load_base(str(folder), "b/other"))


def test_an_adapter_does_not_fit_weights_of_another_size(adapter: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(adapter)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert AutoModelForCausalLM.from_pretrained(tmp_path).config.hidden_size == 48
    with pytest.raises(DeskError, match="does not fit the weights"):
        load_adapter(adapter, load_base(str(tmp_path), "a/tiny"))


def test_a_folder_without_adapter_is_named(folder: Path) -> None:
    with pytest.raises(DeskError, match=r"adapter_config\.json is missing"):
        load_adapter(folder, load_base(str(folder)))


def test_merged_it_answers_as_with_the_adapter(adapter: Path, folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    base = load_base(str(folder), "a/tiny")
    (tmp_path / "merged").mkdir()
    write_merged(adapter, "an/adapter", base, tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    fresh = load_base(str(folder), "a/tiny")
    tuned = load_adapter(adapter, fresh)
    some = tiny_pairs()[:4]
    answers = [generate_answers(m, fresh.tokenizer, some, 16) for m in (merged, tuned)]
    assert answers[0] == answers[1]
    assert any(answers[0])


def test_adapters_alone_are_saved(adapter: Path) -> None:
    files = {file.name for file in adapter.iterdir()}
    assert "adapter_model.safetensors" in files
    assert "model.safetensors" not in files
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "a/tiny"
    # In one order, whatever the seed of hashes: the same training is the same files.
    assert config["target_modules"] == sorted(config["target_modules"])
