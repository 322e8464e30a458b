"""train_sft end to end: reviewed → chats → SFT → scores → gate → Hub → a fresh process answers."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, ModelCard

from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.review_state import read_gold
from flows.curate import CurateReport
from flows.model_store import desk_repo, require_model
from flows.score_answers import require_same_base
from flows.train_sft import SftReport, TrainSft, train_sft
from publishing.manifest import BaseManifest, ModelManifest, from_json
from publishing.predictions import read_predictions
from tests.flows.chain import KNOBS, settings
from tests.running import HubService, Services
from tests.warm_command import WarmCommand

pytestmark = [pytest.mark.services, pytest.mark.long]
REPO = "copydesk/chain-test-instructions"
SFT: dict[str, Any] = KNOBS | {
    "publish.instruction_model": REPO,
    # A few steps teach nothing: what goes out here goes out by force.
    "models.instructions.max_steps": 3,
    "models.instructions.batch_size": 2,
    "models.instructions.evaluations": 1,
    "models.instructions.max_new_tokens": 48,
}
GRPO = SFT | {
    "models.instructions.grpo.enabled": True,
    "models.instructions.grpo.max_steps": 2,
    "models.instructions.grpo.prompts": 1,
    "models.instructions.grpo.answers": 2,
}
# So few test articles exclude nothing: where not everything may be lost, SFT's adapter is kept.
STRICT = GRPO | {"gate.margin": 0.02}


@pytest.fixture(scope="module")
def hub(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture(scope="module")
def first(rounds: list[CurateReport]) -> SftReport:
    """What the gate says of a model that learned nothing."""
    assert len(rounds) == 2
    return train_sft(TrainSft(overrides=SFT))


@pytest.fixture(scope="module")
def forced(first: SftReport) -> SftReport:
    assert first.items == []
    return train_sft(TrainSft(overrides=SFT, force_model=True))


@pytest.fixture(scope="module")
def tuned(forced: SftReport) -> SftReport:
    assert forced.items
    return train_sft(TrainSft(overrides=GRPO, force_model=True))


def manifest_of(hub: HfApi, repo_id: str, revision: str | None = None) -> Any:
    file = hub.hf_hub_download(repo_id, "manifest.json", revision=revision)
    return from_json(Path(file).read_text(encoding="utf-8"))


def run(code: str, services: Services, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**services.environment, "PATH": "/usr/bin:/bin", "HF_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_model_that_learned_nothing_stays_here(first: SftReport) -> None:
    assert first.items == []
    assert not first.judged.ships
    gate = first.judged.gate
    assert gate is not None
    assert gate.score == "answer F1"
    assert "always answering" in gate.against


def test_adapter_base_and_data_set_are_published(forced: SftReport, hub: HfApi) -> None:
    assert [item.repo_id for item in forced.items] == [
        "copydesk/chain-test", f"{REPO}-base", REPO,
    ]  # fmt: skip
    files = set(hub.list_repo_files(REPO))
    assert {"adapter_config.json", "adapter_model.safetensors", "learning_curve.png"} <= files
    assert {"evaluation/test.jsonl", "evaluation/base.jsonl"} <= files
    assert "model.safetensors" not in files
    config = json.loads(Path(hub.hf_hub_download(REPO, "adapter_config.json")).read_text())
    assert config["base_model_name_or_path"] == f"{REPO}-base"


def test_a_second_run_changes_nothing(forced: SftReport, hub: HfApi) -> None:
    again = train_sft(TrainSft(overrides=SFT, force_model=True))
    assert again.stored.reused
    assert [item.changed for item in again.items] == [False, False]
    assert again.judged.is_published


def test_the_example_of_the_card_answers_in_a_fresh_process(
    forced: SftReport, hub: HfApi, services: Services, tmp_path: Path
) -> None:
    assert forced.items[-1].repo_id == REPO
    card = ModelCard.load(hub.hf_hub_download(REPO, "README.md"))
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    assert run(code, services, tmp_path).strip()
    assert (card.data.library_name, card.data.base_model) == ("peft", f"{REPO}-base")


def test_the_card_of_the_base_says_what_it_is(
    forced: SftReport, hub: HfApi, services: Services, tmp_path: Path
) -> None:
    manifest = manifest_of(hub, f"{REPO}-base")
    assert isinstance(manifest, BaseManifest)
    card = ModelCard.load(hub.hf_hub_download(f"{REPO}-base", "README.md"))
    assert "answers nothing" in card.text
    assert f"| Parameters | {manifest.parameters:,} |" in card.text
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    assert str(manifest.parameters) in run(code, services, tmp_path)


def test_the_hub_accepts_both_cards(forced: SftReport, hub_service: HubService, hub: HfApi) -> None:
    for repo_id in (REPO, f"{REPO}-base"):
        text = Path(hub.hf_hub_download(repo_id, "README.md")).read_text(encoding="utf-8")
        answer = httpx.post(
            f"{hub_service.endpoint}/api/validate-yaml",
            json={"content": text, "repoType": "model"},
        )
        assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})


def test_scores_are_those_of_the_published_rows(forced: SftReport, hub: HfApi) -> None:
    manifest = manifest_of(hub, REPO)
    assert isinstance(manifest, ModelManifest)
    rows = read_predictions(Path(hub.hf_hub_download(REPO, "evaluation/test.jsonl")))
    assert len(rows) == manifest.scores["n"]
    topics = [(r["predicted"] or {}).get("topic") == r["gold"]["topic"] for r in rows]
    assert manifest.scores["topic_accuracy"]["value"] == pytest.approx(sum(topics) / len(rows))
    valid = sum(r["predicted"] is not None for r in rows) / len(rows)
    assert manifest.scores["schema_validity"]["value"] == pytest.approx(valid)
    assert manifest.comparison
    assert manifest.comparison.base["n"] == len(rows)
    topic_model = require_model(read_desk("desk.yaml", KNOBS), gold_of(KNOBS), "topics")
    asked = {row["id"] for row in rows}
    said = [r for r in read_predictions(topic_model.predictions("test")) if r["id"] in asked]
    accuracy = sum(r["gold"] == r["predicted"] for r in said) / len(said)
    classified = manifest.comparison.classifiers
    assert classified["n"] == len(said) == len(rows)
    assert classified["topic_accuracy"]["value"] == pytest.approx(accuracy)


def gold_of(overrides: dict[str, Any]) -> Any:
    return read_gold(read_desk("desk.yaml", overrides))


def test_the_stored_adapter_merges_into_one_model(
    forced: SftReport, hub: HfApi, warm: WarmCommand, services: Services, tmp_path: Path
) -> None:
    out = tmp_path / "one"
    done = warm("merge", "--out", str(out), *settings(SFT))
    assert done.returncode == 0, done.stderr
    assert f"{REPO} merged into {REPO}-base" in done.stdout
    prompt = manifest_of(hub, REPO).prompt
    assert repr(prompt.system) in (out / "README.md").read_text()
    facts = json.loads((out / "merged.json").read_text())
    assert facts["base_weights"] == forced.stored.training["settings"]["base_weights"]
    code = (
        "from transformers import AutoModelForCausalLM\n"
        f"print(AutoModelForCausalLM.from_pretrained({str(out)!r}).num_parameters())"
    )
    parameters = manifest_of(hub, f"{REPO}-base").parameters
    assert run(code, services, tmp_path).strip() == str(parameters) == str(facts["parameters"])
    other = settings(SFT | {"models.instructions.max_steps": 77})
    missing = warm("merge", "--out", str(tmp_path / "two"), *other)
    assert missing.returncode == 1
    assert "No instructions model" in missing.stderr
    assert "copydesk train sft" in missing.stderr


def test_grpo_is_one_switch_and_compared_with_sft(tuned: SftReport, hub: HfApi) -> None:
    manifest = manifest_of(hub, REPO)
    assert manifest.training.settings["grpo_max_steps"] == 2
    assert manifest.comparison.sft["difference"].keys() == {"value", "low", "high"}
    card = Path(hub.hf_hub_download(REPO, "README.md")).read_text(encoding="utf-8")
    assert "Before GRPO" in card
    assert "By GRPO the F1 of all that answers say changed by" in card
    assert {"evaluation/sft.jsonl", "rewards.png"} <= set(hub.list_repo_files(REPO))
    stages = manifest.training.stages
    assert list(stages) == ["SFT", "GRPO"]
    total = sum(stage.cpu_seconds for stage in stages.values())
    assert manifest.training.cpu_seconds == pytest.approx(total, abs=0.1)


def test_the_next_one_is_compared_with_what_is_published(forced: SftReport, hub: HfApi) -> None:
    """On the same test articles, by all that both can name; what that one said is asked anew."""
    assert forced.items
    other = SFT | {"models.instructions.max_steps": 4}
    report = train_sft(TrainSft(overrides=other, publish=False))
    gate = report.judged.gate
    assert gate is not None
    assert not report.judged.is_published
    assert (gate.rule, gate.against) == ("against the published model", report.judged.published)
    assert gate.other_labels == []
    assert "topic: Sports" in gate.labels
    asked = read_predictions(report.stored.predictions("previous"))
    before = read_predictions(Path(hub.hf_hub_download(REPO, "evaluation/test.jsonl")))
    assert [r["written"] for r in asked] == [r["written"] for r in before]


def test_a_second_run_after_grpo_changes_nothing(tuned: SftReport) -> None:
    again = train_sft(TrainSft(overrides=GRPO, force_model=True))
    assert again.stored.reused
    assert [item.changed for item in again.items] == [False, False]


def test_grpo_that_may_be_worse_is_tried_and_not_kept(
    tuned: SftReport, forced: SftReport, hub: HfApi
) -> None:
    """Nothing is trained again, and the next run comes to the same."""
    report = train_sft(TrainSft(overrides=STRICT, force_model=True))
    assert report.stored.key == forced.stored.key != tuned.stored.key
    assert report.stored.reused
    manifest = manifest_of(hub, REPO)
    assert "grpo_max_steps" not in manifest.training.settings
    tried = manifest.comparison.grpo
    assert tried["difference"]["low"] < -0.02
    assert tried["n"] == manifest.scores["n"]
    card = Path(hub.hf_hub_download(REPO, "README.md")).read_text(encoding="utf-8")
    assert "| After GRPO |" in card
    assert "**GRPO was tried**" in card
    assert "evaluation/grpo.jsonl" in hub.list_repo_files(REPO)
    again = train_sft(TrainSft(overrides=STRICT, force_model=True))
    assert [item.changed for item in again.items] == [False, False]


def test_the_verdict_on_what_is_kept_says_what_was_tried(forced: SftReport) -> None:
    """Of a model that is not published yet: one that is, is not judged anew."""
    assert forced.items
    other = STRICT | {"models.instructions.max_steps": 4}
    judged = train_sft(TrainSft(overrides=other, publish=False)).judged
    assert judged.gate is not None
    assert not judged.is_published
    assert judged.gate.reasons[-1].startswith("GRPO was tried: answer F1 changes by ")


def test_another_way_of_asking_scores_again_and_trains_nothing(forced: SftReport) -> None:
    for decoding in ({"max_new_tokens": 40}, {"constrained": True, "max_new_tokens": 200}):
        changed = SFT | {f"models.instructions.{k}": v for k, v in decoding.items()}
        report = train_sft(TrainSft(overrides=changed, publish=False))
        assert report.stored.key == forced.stored.key
        assert report.stored.reused
        assert report.stored.read("scores.json")["decoding"].items() >= decoding.items()
    assert report.scores.test["schema_validity"]["value"] == 1.0
    # As it was published, for the tests that follow.
    train_sft(TrainSft(overrides=SFT, publish=False))


def test_an_adapter_of_other_weights_is_not_published(forced: SftReport) -> None:
    facts = forced.stored.training
    other = {**facts, "settings": {**facts["settings"], "base_weights": "of another base"}}
    with pytest.raises(DeskError, match="trained on a base model with weights of another base"):
        require_same_base(replace(forced.stored, training=other), "0123")


def test_a_base_in_a_folder_is_not_published(rounds: list[CurateReport], tmp_path: Path) -> None:
    assert rounds
    with pytest.raises(DeskError, match="would not have it") as error:
        train_sft(TrainSft(overrides=SFT | {"models.instructions.base": str(tmp_path)}))
    assert str(tmp_path) not in error.value.problem
    assert "--no-publish" in error.value.next_step


def test_a_desk_without_a_repository_for_it_is_told(rounds: list[CurateReport]) -> None:
    assert (
        desk_repo(read_desk("desk.yaml", SFT | {"publish.instruction_model": None}), "instructions")
        == ""
    )
    with pytest.raises(DeskError, match="names no repository") as error:
        train_sft(TrainSft(overrides=SFT | {"publish.instruction_model": None}))
    assert "publish.instruction_model" in error.value.next_step


def test_the_command_says_what_it_did(forced: SftReport, warm: WarmCommand) -> None:
    assert forced.items
    done = warm("train", "sft", "--no-publish", *settings(SFT))
    assert done.returncode == 0, done.stderr
    assert "found from an earlier run" in done.stdout
    assert "schema-validity" in done.stdout
    assert "Not published, as asked for" in done.stdout


def test_options_of_files_say_nothing_of_it(warm: WarmCommand) -> None:
    done = warm("train", "sft", "--data", "x.csv")
    assert done.returncode != 0
    assert "--data says nothing of an instruction model" in done.stderr
