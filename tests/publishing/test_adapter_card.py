"""The card of a LoRA adapter: its example runs against a real adapter on the Hub."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, ModelCard

from publishing.hub import publish_folder
from publishing.manifest import file_hashes, to_json
from publishing.remote import Target
from publishing.render import render_model_card
from tests.publishing.manifests import model_manifest
from tests.running import HubService, Services

pytestmark = pytest.mark.services
BASE, ADAPTER = "copydesk/tiny-base", "copydesk/tiny-adapter"
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"


@pytest.fixture
def adapter(hub_service: HubService, tmp_path: Path) -> Path:
    """A tiny base model on the Hub, and an adapter to it in a folder."""
    from peft import LoraConfig, get_peft_model
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    words = "user assistant : Give topic and entities as JSON Ada Obi spoke in Geneva . [UNK]"
    vocabulary = {word: i for i, word in enumerate(words.split())}
    core = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]")
    tokenizer.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=16,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(tmp_path / "base")
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    api.create_repo(BASE, exist_ok=True)
    api.upload_folder(repo_id=BASE, folder_path=tmp_path / "base")
    model.name_or_path = model.config.name_or_path = BASE
    tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=2))
    tuned.save_pretrained(tmp_path / "adapter")
    tokenizer.save_pretrained(tmp_path / "adapter")
    (tmp_path / "adapter/README.md").unlink()
    return tmp_path / "adapter"


def test_the_example_of_an_adapters_card_runs(
    adapter: Path, hub_service: HubService, services: Services, tmp_path: Path
) -> None:
    lineage = model_manifest("instructions").lineage.model_copy(update={"base_model": BASE})
    changes: dict[str, Any] = {"lineage": lineage, "files": file_hashes(adapter)}
    manifest = model_manifest("instructions", **changes)
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    published = publish_folder(
        api,
        Target(ADAPTER, "model"),
        adapter,
        lambda previous: {
            "README.md": render_model_card(manifest, ADAPTER, previous.card),
            "manifest.json": to_json(manifest),
        },
        "adapter",
    )
    card = ModelCard.load(api.hf_hub_download(ADAPTER, "README.md", revision=published.tag))
    assert (card.data.library_name, card.data.base_model) == ("peft", BASE)
    assert f"base_model:adapter:{BASE}" in (card.data.tags or [])
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**services.environment, "PATH": "/usr/bin:/bin", "HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
