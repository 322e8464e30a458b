"""copydesk merge: one model out of adapter and base, which answers as the two do together."""

import json
import re
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
from tests.running import HubService
from tests.test_file_commands import run
from tests.training.instruct.tiny import SETTINGS, save_tiny, tiny_pairs
from training.instruct import merged as merging
from training.instruct.adapter import load_adapter
from training.instruct.base import load_base
from training.instruct.generate import generate_answers
from training.instruct.perplexity import surprises
from training.instruct.train import train_instructions

BASE = "a/tiny"
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


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(save_tiny(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it lies in the store of a desk: what training knew of it stands beside it."""
    out = tmp_path_factory.mktemp("trained") / "model"
    settings = SETTINGS.model_copy(update={"max_steps": 30, "learning_rate": 0.02})
    trained = train_instructions(tiny_pairs(), load_base(str(base), BASE), settings, 3, out)
    facts = json.dumps({"settings": dict(trained.settings)})
    (out.parent / "training.json").write_text(facts)
    return out


@pytest.fixture(scope="module")
def merged(base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("merged") / "one"
    found = run("merge", adapter, "--base", base, "--out", out)
    facts = json.loads((out / "merged.json").read_text())
    assert facts["base"] == BASE
    assert f"{out}: model merged into {BASE}, one model." in found.stdout
    assert f"{facts['parameters']:,} parameters in float32" in found.stdout
    assert f"hf upload owner/name {out}" in found.stdout
    return out


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


def test_a_base_of_other_weights_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other", seed=2)
    with pytest.raises(DeskError, match=r"'a/tiny' with weights [0-9a-f]{16}, and these are"):
        run("merge", adapter, "--base", other, "--out", tmp_path / "one")
    assert not (tmp_path / "one").exists()


def test_a_published_adapter_says_by_its_manifest_what_it_fits(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    shutil.copytree(adapter, published)
    run("merge", published, "--base", base, "--out", tmp_path / "one")
    manifest = {"kind": "instructions", "training": {"settings": {"base_weights": "0" * 16}}}
    (published / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DeskError, match="with weights 0000000000000000"):
        run("merge", published, "--base", base, "--out", tmp_path / "two")


@pytest.mark.parametrize(
    "manifest", [{"training": None}, {"training": {"settings": None}}, {"kind": "?"}, []]
)
def test_a_manifest_that_names_no_weights_leaves_it_to_the_training(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Any
) -> None:
    """Also of the folder where one stands."""
    model = tmp_path / "model"
    shutil.copytree(adapter, model)
    facts = json.dumps({"settings": {"base_weights": "1" * 16}})
    (tmp_path / "training.json").write_text(facts)
    monkeypatch.chdir(model)
    assert merging.trained_on(Path()) == "1" * 16
    (model / "manifest.json").write_text(json.dumps(manifest))
    assert merging.trained_on(Path()) == "1" * 16
    (tmp_path / "training.json").unlink()
    assert merging.trained_on(Path()) is None


def test_an_adapter_given_as_this_folder_is_checked(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = save_tiny(tmp_path / "other", seed=2)
    monkeypatch.chdir(adapter)
    with pytest.raises(DeskError, match=r"'a/tiny' with weights [0-9a-f]{16}, and these are"):
        run("merge", ".", "--base", other, "--out", tmp_path / "one")


@pytest.mark.parametrize("content", [b"{cut", b"\xff\xfe"])
def test_a_manifest_that_is_cut_off_is_named(
    base: Path, adapter: Path, tmp_path: Path, content: bytes
) -> None:
    published = tmp_path / "published"
    shutil.copytree(adapter, published)
    (published / "manifest.json").write_bytes(content)
    with pytest.raises(DeskError, match=r"manifest\.json is no JSON") as error:
        run("merge", published, "--base", base, "--out", tmp_path / "one")
    assert "copydesk train sft" in error.value.next_step


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{cut", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "names no base model"),
        (b"{}", "names no base model"),
        (b'{"base_model_name_or_path": null}', "names no base model"),
    ],
)
def test_an_adapter_whose_settings_cannot_be_read_is_named(
    adapter: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(adapter, broken)
    (broken / "adapter_config.json").write_bytes(content)
    with pytest.raises(DeskError, match=rf"adapter_config\.json {said}") as error:
        run("merge", broken, "--out", tmp_path / "one")
    assert "its folder from the Hub, or copydesk train sft" in error.value.next_step
    assert not (tmp_path / "one").exists()


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


@pytest.mark.parametrize(
    ("arguments", "said", "mend"),
    [
        (["nowhere/at-all"], "is no folder here and cannot be downloaded", "owner/name"),
        (["BASE"], "holds no adapter: adapter_config.json is missing", "copydesk train sft"),
        (["ADAPTER"], "'a/tiny' cannot be downloaded", "--base PLACE"),
        (["ADAPTER", "--base", "gone/base"], "'gone/base' cannot be downloaded", "--base PLACE"),
        (["ADAPTER", "--set", "name=x"], "--set is for desks", "Leave --set out"),
        (["--base", "BASE"], "--base needs an ADAPTER", "its own base"),
    ],
)
def test_what_is_missing_is_named(
    base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], said: str, mend: str,
) -> None:  # fmt: skip
    # Nobody answers there, and nobody else is asked.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("training.encoder.PUBLIC_HUB", "http://127.0.0.1:9")
    places = {"BASE": base, "ADAPTER": adapter}
    with pytest.raises(DeskError) as error:
        run("merge", *[places.get(a, a) for a in arguments], "--out", tmp_path / "one")
    assert said in error.value.problem
    assert mend in error.value.next_step
    assert not (tmp_path / "one").exists()


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
