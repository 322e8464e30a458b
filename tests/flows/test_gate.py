"""Real models at the gate: a better one goes out, a worse one stays, a person has the last word."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from prefect.artifacts import Artifact

from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.review_state import read_gold
from flows.curate import CurateReport
from flows.desk_run import DeskRun
from flows.gate import VERDICT
from flows.model_store import kind_folder, require_model
from flows.publish import Publish, PublishReport, publish
from flows.published_rows import PREVIOUS
from flows.row_scores import row_counts
from flows.score_models import score_models
from flows.train_entities import train_entities
from flows.verdicts import verdict_lines
from publishing.manifest import ModelManifest, from_json
from tests.flows.chain import KNOBS, settings
from tests.running import HubService
from tests.warm_command import WarmCommand

pytestmark = pytest.mark.services
REPO = "copydesk/gate-test-entities"
# The gold of the chain, and a gate that decides in earnest.
GOOD = KNOBS | {
    "models.entities.method": "frozen",
    "models.entities.head_epochs": 12,
    "gate.margin": 0.0,
    "gate.label_floor": 0.5,
    "publish.dataset": "copydesk/gate-test",
    "publish.topic_model": "copydesk/gate-test-topics",
    "publish.entity_model": REPO,
}
# It learns nothing, and so finds nothing.
WEAK = GOOD | {"models.entities.head_epochs": 1, "models.entities.head_learning_rate": 1e-7}


@dataclass(frozen=True)
class Scenario:
    """Good, then weak, weak by force, weak again, good again."""

    first: PublishReport
    kept: PublishReport
    kept_head: str
    forced: PublishReport
    again: PublishReport
    better: PublishReport


@pytest.fixture(scope="module")
def hub(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture(scope="module")
def scenario(rounds: list[CurateReport], hub: HfApi) -> Scenario:
    assert len(rounds) == 2
    for overrides in (GOOD, WEAK):
        train_entities(DeskRun(overrides=overrides))
        score_models(DeskRun(overrides=overrides))
    return Scenario(
        first=publish(Publish(overrides=GOOD)),
        kept=publish(Publish(overrides=WEAK)),
        kept_head=str(hub.model_info(REPO).sha),
        forced=publish(Publish(overrides=WEAK, force_model=True)),
        again=publish(Publish(overrides=WEAK)),
        better=publish(Publish(overrides=GOOD)),
    )


def manifest_at(hub: HfApi, tag: str) -> ModelManifest:
    file = hub.hf_hub_download(REPO, "manifest.json", revision=tag)
    found = from_json(Path(file).read_text(encoding="utf-8"))
    assert isinstance(found, ModelManifest)
    return found


def card_at(hub: HfApi, tag: str) -> str:
    return Path(hub.hf_hub_download(REPO, "README.md", revision=tag)).read_text(encoding="utf-8")


def entities_of(report: PublishReport) -> Any:
    (found,) = [judged for judged in report.judged if judged.kind == "entities"]
    return found


def tags(report: PublishReport) -> list[tuple[str, str, bool]]:
    return [(item.repo_id, item.tag, item.changed) for item in report.items]


def test_a_first_model_is_compared_with_finding_nothing(scenario: Scenario, hub: HfApi) -> None:
    assert (REPO, "v1", True) in tags(scenario.first)
    gate = manifest_at(hub, "v1").gate
    assert gate is not None
    assert (gate.verdict, gate.rule, gate.against) == (
        "publish", "first publication", "finding nothing",
    )  # fmt: skip
    assert gate.overall is not None and gate.overall.old == 0
    assert "compared with finding nothing" in card_at(hub, "v1")
    files = hub.list_repo_files(REPO, revision="v1")
    assert "evaluation/test.jsonl" in files and "evaluation/previous.jsonl" not in files


def test_a_worse_model_stays_and_the_data_set_goes_out(scenario: Scenario, hub: HfApi) -> None:
    gone_out = [repo for repo, _, _ in tags(scenario.kept)]
    assert "copydesk/gate-test" in gone_out and REPO not in gone_out
    judged = entities_of(scenario.kept)
    assert (judged.gate.verdict, judged.ships, judged.published) == ("keep", False, "v1")
    assert judged.gate.overall.difference.high < 0
    lines = verdict_lines(judged)
    assert lines[0] == f"Gate, {REPO}: keep, v1 stays"
    assert lines[1].startswith("  It is worse: span F1 0.")
    v1 = {tag.name: tag.target_commit for tag in hub.list_repo_refs(REPO).tags}["v1"]
    assert scenario.kept_head == v1 == judged.gate.against_revision


def test_the_verdict_is_kept_beside_the_model_and_shown(scenario: Scenario) -> None:
    desk = read_desk("desk.yaml", WEAK)
    stored = require_model(desk, read_gold(desk), "entities")
    verdict = json.loads((stored.folder / VERDICT).read_text(encoding="utf-8"))
    assert (verdict["verdict"], verdict["against"]) == ("keep", "v1")
    artifact = Artifact.get("chain-test-gate")
    assert artifact is not None
    # The last word of the scenario; all are in the history of this key.
    assert f"Gate, {REPO}: publish" in str(artifact.data)
    assert "| span F1 | 0." in str(artifact.data)


def test_a_person_has_the_last_word_and_the_card_says_so(scenario: Scenario, hub: HfApi) -> None:
    assert (REPO, "v2", True) in tags(scenario.forced)
    gate = manifest_at(hub, "v2").gate
    assert gate is not None and gate.forced and gate.verdict == "keep"
    assert "**keep**. It was published by hand all the same." in card_at(hub, "v2")
    assert "goes out, as asked for" in verdict_lines(entities_of(scenario.forced))[0]


def test_what_is_published_is_not_judged_anew(scenario: Scenario) -> None:
    assert (REPO, "v2", False) in tags(scenario.again)
    judged = entities_of(scenario.again)
    assert judged.is_published and judged.gate.forced
    assert verdict_lines(judged) == []


def test_a_better_model_replaces_it(scenario: Scenario, hub: HfApi) -> None:
    assert (REPO, "v3", True) in tags(scenario.better)
    gate = manifest_at(hub, "v3").gate
    assert gate is not None and gate.overall is not None
    assert (gate.verdict, gate.against, gate.forced) == ("publish", "v2", False)
    kept = entities_of(scenario.kept).gate.overall
    # The same two models on the same articles, the other way round.
    assert (gate.overall.old, gate.overall.new) == (kept.new, kept.old)
    assert gate.overall.difference.value == pytest.approx(-kept.difference.value)
    assert "evaluation/previous.jsonl" in hub.list_repo_files(REPO, revision="v3")


def test_the_command_says_what_stays_and_exits_with_0(
    scenario: Scenario, hub: HfApi, warm: WarmCommand
) -> None:
    before = hub.list_repo_commits(REPO)
    done = warm("publish", *settings(WEAK))
    assert done.returncode == 0, done.stderr
    assert f"Gate, {REPO}: keep, v3 stays" in done.stdout.splitlines()
    assert "  It is worse: span F1" in done.stdout
    assert [c.commit_id for c in hub.list_repo_commits(REPO)] == [c.commit_id for c in before]


def test_a_published_model_is_asked_once(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(Publish(overrides=WEAK, dry_run=True))
    monkeypatch.setattr(
        "flows.published_rows.download_model", lambda *_: pytest.fail("asked twice")
    )
    again = publish(Publish(overrides=WEAK, dry_run=True))
    assert entities_of(again).gate == entities_of(first).gate
    assert entities_of(again).gate.verdict == "keep"


def test_a_published_model_that_cannot_be_loaded_can_be_replaced_by_hand(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(kind_folder(read_desk("desk.yaml", WEAK), "entities") / PREVIOUS)
    monkeypatch.setattr("flows.published_rows.download_model", lambda *_: tmp_path)
    with pytest.raises(DeskError, match="v3 cannot be asked") as raised:
        publish(Publish(overrides=WEAK, dry_run=True))
    assert "--force-model" in str(raised.value)
    gate = entities_of(publish(Publish(overrides=WEAK, dry_run=True, force_model=True))).gate
    assert (gate.verdict, gate.forced, gate.overall) == ("not enough evidence", True, None)
    assert "cannot be asked" in gate.reasons[0]


def test_a_topic_that_nobody_asked_for_is_wrong() -> None:
    rows = [
        {"gold": "World", "predicted": "Weather"},
        {"gold": "World", "predicted": "World"},
        {"gold": "Sports", "predicted": "Sports"},
    ]
    counts = row_counts(rows, "topics", ["World", "Sports"])
    assert counts.said.toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert counts.hit.sum() == 2
