"""The card of a merged model: what it is, without what is nobody's business."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from corpus.errors import DeskError
from tests.merge.conftest import BASE
from tests.test_file_commands import run
from training.instruct import merged as merging


def test_no_folder_of_this_machine_is_named_in_it(base: Path, adapter: Path, merged: Path) -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in merged.glob("*.json")}
    assert {"config.json", "merged.json", "tokenizer_config.json"} <= set(texts)
    assert [n for n, t in texts.items() if str(base) in t or str(adapter.parent) in t] == []


def test_its_card_says_what_it_is_and_its_example_runs(
    base: Path, adapter: Path, merged: Path, tmp_path: Path
) -> None:
    card = ModelCard.load(merged / "README.md")
    facts = json.loads((merged / "merged.json").read_text())
    data = card.data.to_dict()
    # The adapter lies in a folder, which nobody else can look up.
    assert (data["base_model"], data["base_model_relation"]) == ([BASE], "merge")
    assert (card.data.library_name, card.data.pipeline_tag) == ("transformers", "text-generation")
    assert f"| Base model | `{BASE}`, weights `{facts['base_weights']}` |" in card.text
    assert f"| Parameters | {facts['parameters']:,}, float32 |" in card.text
    assert "`model`, a LoRA adapter" in card.text
    assert "revision" not in card.text
    assert str(base.parent) not in card.text
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    assert "system" not in code
    # Written for people who know no more than that; what it is asked is what the desk asks.
    published = tmp_path / "published"
    shutil.copytree(adapter, published)
    prompt = {"system": "You label {news}.", "instructions": ['Say "so".', "Or so."]}
    (published / "manifest.json").write_text(json.dumps({"prompt": prompt}))
    run("merge", published, "--base", base, "--out", tmp_path / "one")
    (code,) = re.findall(
        r"```python\n(.*?)```", (tmp_path / "one/README.md").read_text(), re.DOTALL
    )
    assert "{'role': 'system', 'content': 'You label {news}.'}" in code
    done = subprocess.run(
        [sys.executable, "-c", code.replace("max_new_tokens=256", "max_new_tokens=24")],
        cwd=tmp_path / "one", capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_card_that_people_wrote_into_is_not_replaced(
    base: Path, adapter: Path, merged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "one"
    shutil.copytree(merged, out)
    with (out / "README.md").open("a") as card:
        card.write("\nOurs is better.\n")
    with pytest.raises(DeskError, match="is there and is no merged model of ours"):
        run("merge", adapter, "--base", base, "--out", out)
    assert "Ours is better." in (out / "README.md").read_text()


def test_a_base_in_a_folder_is_named_by_its_last_part(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(adapter, alone)
    file = alone / "adapter_config.json"
    named = json.loads(file.read_text()) | {"base_model_name_or_path": str(base)}
    file.write_text(json.dumps(named))
    found = run("merge", alone, "--out", tmp_path / "one")
    assert f"alone merged into {base.name}, one model" in found.stdout
    texts = [file.read_text(encoding="utf-8") for file in (tmp_path / "one").glob("*.json")]
    assert [text for text in texts if str(base.parent) in text] == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("owner/name", "owner/name"),
        ("gpt2", "gpt2"),
        ("/gone/bases/tiny", "tiny"),
        ("../bases/tiny/", "tiny"),
        ("C:\\bases\\tiny", "tiny"),
    ],
)
def test_of_folders_elsewhere_the_last_part_is_public(given: str, name: str) -> None:
    assert merging.public_name(given) == name
