"""Unmodified libraries against the embedded Hub, in one process of their own.

`HF_ENDPOINT` is read when the libraries are imported and their caches outlive a repository, so
the checks run in a fresh process with a fresh `HF_HOME`, and tell their findings as JSON.
"""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.services

SCRIPT = r"""
import json, sys
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset
from huggingface_hub import HfApi

data_repo, model_repo = sys.argv[1:3]
api, found = HfApi(), {}
features = Features(
    {
        "text": Value("string"),
        "topic": ClassLabel(names=["world", "sports"]),
        "spans": [
            {"start": Value("int32"), "end": Value("int32"), "label": ClassLabel(names=["ORG"])}
        ],
    }
)
row = {"text": "Agency closes.", "topic": 1, "spans": [{"start": 0, "end": 6, "label": 0}]}
splits = {"train": 6, "test": 3}
made = DatasetDict(
    {name: Dataset.from_list([row] * count, features=features) for name, count in splits.items()}
)
made.push_to_hub(data_repo)
first = api.dataset_info(data_repo).sha
api.create_tag(data_repo, tag="v1", revision=first, repo_type="dataset")
made["train"].select(range(2)).push_to_hub(data_repo, split="train")

tagged = load_dataset(data_repo, revision="v1")
found["rows_by_tag"] = {name: part.num_rows for name, part in tagged.items()}
found["features_kept"] = tagged["train"].features == features
found["rows_by_sha"] = load_dataset(data_repo, revision=first, split="train").num_rows
found["rows_now"] = load_dataset(data_repo, split="train").num_rows
stream = load_dataset(data_repo, revision="v1", split="test", streaming=True)
found["streamed"] = next(iter(stream))

import torch
from transformers import (
    BertConfig, BertForSequenceClassification, BertTokenizerFast, pipeline
)

vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "agency", "closes", "."]
with open("vocab.txt", "w") as file:
    file.write("\n".join(vocab))
config = BertConfig(
    vocab_size=len(vocab), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=16, id2label={0: "world", 1: "sports"}, label2id={"world": 0, "sports": 1},
)
torch.manual_seed(0)
model = BertForSequenceClassification(config)
model.push_to_hub(model_repo)
BertTokenizerFast("vocab.txt").push_to_hub(model_repo)
again = BertForSequenceClassification.from_pretrained(model_repo)
same = (torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
found["weights_kept"] = all(same)
classify = pipeline("text-classification", model=model_repo)
found["label"] = classify("agency closes.")[0]["label"]
found["model_files"] = sorted(api.list_repo_files(model_repo))
print("FOUND " + json.dumps(found))
"""

COMMANDS = r"""
set -e
hf download "$1" --repo-type dataset --revision v1 --local-dir copy > /dev/null
test -f copy/README.md
hf upload "$2" copy/README.md notes/README.md --commit-message "by command" > /dev/null
hf repos tag list "$1" --repo-type dataset
"""


@pytest.fixture(scope="module")
def environment(hub_service: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("clients")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    bin_folder = str(Path(sys.executable).parent)
    return kept | {
        "PATH": f"{bin_folder}{os.pathsep}{kept.get('PATH', '')}",
        "HF_ENDPOINT": hub_service.endpoint,
        "HF_TOKEN": hub_service.token,
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TMPDIR": str(home),
    }


@pytest.fixture(scope="module")
def repos() -> tuple[str, str]:
    suffix = uuid.uuid4().hex[:10]
    return f"copydesk/rows-{suffix}", f"copydesk/model-{suffix}"


@pytest.fixture(scope="module")
def found(environment: dict[str, str], repos: tuple[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *repos],
        env=environment,
        cwd=environment["TMPDIR"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    findings: dict[str, Any] = json.loads(line.removeprefix("FOUND "))
    return findings


def test_data_sets_load_by_tag_by_sha_and_by_head(found: dict[str, Any]) -> None:
    assert found["rows_by_tag"] == {"train": 6, "test": 3}
    assert found["rows_by_sha"] == 6
    assert found["rows_now"] == 2


def test_class_labels_and_spans_survive(found: dict[str, Any]) -> None:
    assert found["features_kept"]
    assert found["streamed"] == {
        "text": "Agency closes.",
        "topic": 1,
        "spans": [{"start": 0, "end": 6, "label": 0}],
    }


def test_a_transformers_model_round_trips_and_predicts(found: dict[str, Any]) -> None:
    assert found["weights_kept"]
    assert found["label"] in ("world", "sports")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(found["model_files"])


def test_the_command_line_client_downloads_uploads_and_lists_tags(
    found: dict[str, Any], environment: dict[str, str], repos: tuple[str, str]
) -> None:
    done = subprocess.run(
        ["bash", "-c", COMMANDS, "hub-test", *repos],
        env=environment,
        cwd=environment["TMPDIR"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "v1" in done.stdout
