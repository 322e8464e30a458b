"""copydesk merge: one model out of adapter and base, which answers as the two do together."""

import json
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from typer.testing import CliRunner

from copydesk.commands import app
from corpus.errors import DeskError
from flows.desk_adapter import DeskAdapter
from tests.merge.conftest import BASE
from tests.running import HubService
from tests.test_file_commands import run
from tests.training.instruct.tiny import tiny_pairs
from training.instruct import merged as merging
from training.instruct.adapter import load_adapter
from training.instruct.base import load_base
from training.instruct.generate import generate_answers
from training.instruct.perplexity import surprises

# What a user of plain transformers does, with the prompt given as text.
FRESH = """
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, prompt = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(folder).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
written = model.generate(**ids, max_new_tokens=24, do_sample=False)
print(type(model).__name__)
print(tokenizer.decode(written[0, ids["input_ids"].shape[1]:], skip_special_tokens=True), end="")
"""


def answers(model: Any, tokenizer: Any) -> list[str]:
    return generate_answers(model, tokenizer, tiny_pairs()[:4], 24)


def test_it_answers_as_the_adapter_does(base: Path, adapter: Path, merged: Path) -> None:
    alone, together, one = (load_base(str(f), BASE) for f in (base, base, merged))
    tuned = load_adapter(adapter, together)
    assert answers(one.model, one.tokenizer) == answers(tuned, together.tokenizer)
    assert answers(one.model, one.tokenizer) != answers(alone.model, alone.tokenizer)
    for whole, half in zip(
        surprises(one.model, one.tokenizer, tiny_pairs()[:4]),
        surprises(tuned, together.tokenizer, tiny_pairs()[:4]),
        strict=True,
    ):
        assert whole.nats == pytest.approx(half.nats, rel=1e-4)


def test_plain_transformers_loads_it_in_a_fresh_process(
    base: Path, adapter: Path, merged: Path
) -> None:
    assert not list(merged.glob("adapter*"))
    together = load_base(str(base), BASE)
    tuned = load_adapter(adapter, together)
    (pair,) = tiny_pairs()[:1]
    prompt = together.tokenizer.apply_chat_template(
        pair.messages()[:-1], tokenize=False, add_generation_prompt=True
    )
    done = subprocess.run(
        [sys.executable, "-c", FRESH, merged, str(prompt)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    name, written = done.stdout.split("\n", 1)
    assert name == "LlamaForCausalLM"
    assert written.strip() == generate_answers(tuned, together.tokenizer, [pair], 24)[0].strip()
    assert written.strip()


def test_merging_again_replaces_it_and_nothing_else(
    base: Path, adapter: Path, merged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "one"
    shutil.copytree(merged, out)
    (out / "model.safetensors").write_bytes(b"an older one")
    run("merge", adapter, "--base", base, "--out", out)
    assert (
        load_file(out / "model.safetensors").keys()
        == load_file(merged / "model.safetensors").keys()
    )
    (out / "notes.txt").write_text("mine")
    with pytest.raises(DeskError, match="is there and is no merged model of ours"):
        run("merge", adapter, "--base", base, "--out", out)
    assert (out / "notes.txt").read_text() == "mine"
    with pytest.raises(DeskError, match="no merged model of ours"):
        run("merge", adapter, "--base", base, "--out", base)
    assert [f.name for f in tmp_path.iterdir()] == ["one"]


def test_a_merge_that_ends_in_the_middle_leaves_the_old_one(
    base: Path, adapter: Path, merged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def killed(*_: Any) -> None:
        raise KilledError

    out = tmp_path / "one"
    shutil.copytree(merged, out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    monkeypatch.setattr(merging.shutil, "copyfile", killed)
    with pytest.raises(KilledError):
        run("merge", adapter, "--base", base, "--out", out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert [f.name for f in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize(("private", "flag"), [("true", "--private "), ("false", "")])
def test_what_a_desk_hides_is_pushed_hidden(
    base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    private: str, flag: str,
) -> None:  # fmt: skip
    found = DeskAdapter(adapter, "owner/model", load_base(str(base), BASE, exact=True))
    monkeypatch.setattr("copydesk.merge_command.use_services", lambda: None)
    monkeypatch.setattr("flows.desk_adapter.open_desk_adapter", lambda _: found)
    done = run("merge", "--set", f"publish.private={private}", "--out", tmp_path / "one")
    assert f"owner/model merged into {BASE}" in done.stdout
    assert f"Push it: hf upload {flag}owner/name {tmp_path / 'one'}\n" in done.stdout


def test_its_help_says_what_memory_it_needs() -> None:
    shown = CliRunner().invoke(app, ["merge", "--help"], env={"COLUMNS": "120"})
    assert "4 bytes a parameter" in " ".join(shown.stdout.split())


def test_it_keeps_the_precision_of_its_base(base: Path, adapter: Path, tmp_path: Path) -> None:
    half, alone = tmp_path / "half", tmp_path / "alone"
    shutil.copytree(base, half)
    AutoModelForCausalLM.from_pretrained(base).to(torch.bfloat16).save_pretrained(half)
    shutil.copytree(adapter, alone)
    found = run("merge", alone, "--base", half, "--out", tmp_path / "one")
    assert "parameters in bfloat16" in found.stdout
    weights = load_file(tmp_path / "one/model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    # Rounded once, after the adapter was added.
    whole = load_adapter(alone, load_base(str(half), BASE, exact=True)).merge_and_unload()
    expected = whole.state_dict()
    assert {expected[key].dtype for key in weights} == {torch.float32}
    assert all(torch.equal(weights[key], expected[key].bfloat16()) for key in weights)


def test_it_is_exact_where_training_runs_in_half_precision(
    base: Path, adapter: Path, merged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU with bf16."""
    monkeypatch.setattr("training.instruct.base._dtype", lambda: torch.bfloat16)
    assert load_base(str(base)).model.dtype == torch.bfloat16
    run("merge", adapter, "--base", base, "--out", tmp_path / "one")
    weights, expected = (load_file(f / "model.safetensors") for f in (tmp_path / "one", merged))
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert all(torch.equal(weights[key], expected[key]) for key in expected)


def test_the_chat_template_is_the_adapters_own(base: Path, adapter: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(adapter, own)
    template = (own / "chat_template.jinja").read_text() + "{# ours #}"
    (own / "chat_template.jinja").write_text(template)
    run("merge", own, "--base", base, "--out", tmp_path / "one")
    assert (tmp_path / "one/chat_template.jinja").read_text() == template


@pytest.mark.services
def test_adapter_and_base_of_a_hub(
    base: Path, adapter: Path, merged: Path, hub_service: HubService, tmp_path: Path
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    name = f"copydesk/merge-{uuid.uuid4().hex[:8]}"
    for repo_id, folder in ((f"{name}-base", base), (name, adapter)):
        api.create_repo(repo_id)
        api.upload_folder(repo_id=repo_id, folder_path=folder)
    named = json.loads((adapter / "adapter_config.json").read_text())
    config = json.dumps(named | {"base_model_name_or_path": f"{name}-base"}).encode()
    api.upload_file(repo_id=name, path_or_fileobj=config, path_in_repo="adapter_config.json")
    found = run("merge", name, "--out", tmp_path / "one")
    assert f"{name} merged into {name}-base" in found.stdout
    card = ModelCard.load(tmp_path / "one/README.md")
    assert card.data.base_model == [f"{name}-base", name]
    for what, repo_id in (("Adapter", name), ("Base model", f"{name}-base")):
        revision = api.model_info(repo_id).sha
        assert f"| {what} | `{repo_id}`, revision `{revision}`" in card.text
    weights, expected = (load_file(f / "model.safetensors") for f in (tmp_path / "one", merged))
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[key], expected[key]) for key in weights)
    # As docs/training.md says that it is pushed.
    done = subprocess.run(
        [Path(sys.executable).with_name("hf"), "upload", f"{name}-merged", tmp_path / "one"],
        env={"HF_ENDPOINT": api.endpoint, "HF_TOKEN": str(api.token), "HF_HOME": str(tmp_path),
             "HF_HUB_DISABLE_XET": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    files = {"model.safetensors", "merged.json", "README.md"}
    assert files <= set(api.list_repo_files(f"{name}-merged"))
