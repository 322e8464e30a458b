"""The whole chain on two dozen sample articles with small knobs, against the real services."""

import json
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.records import list_rows
from corpus.desk import read_desk
from flows.curate import Curate, CurateReport, curate
from flows.demo import demo_table, nothing_changed
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.flows.chain import BATCH, KNOBS
from tests.running import HubService, Services, run_plain_client

pytestmark = pytest.mark.services


def test_every_record_is_answered_by_three_and_resolved(rounds: list[CurateReport]) -> None:
    first, second = rounds
    assert first.loaded.new == second.loaded.new == BATCH
    assert first.simulated_answers == second.simulated_answers == 3 * BATCH
    assert len(second.gold.reviewed) + len(second.gold.quarantined) == 2 * BATCH
    assert second.gold.annotators == 3
    assert 0.8 < (second.gold.agreement.topic_percent or 0) < 1
    assert 0.8 < (second.gold.agreement.span_f1 or 0) < 1
    known = {r.article.id: r.split for r in first.gold.reviewed}
    assert all(known.get(r.article.id, r.split) == r.split for r in second.gold.reviewed)


def test_the_second_round_is_suggested_by_the_first_rounds_models(
    rounds: list[CurateReport],
) -> None:
    first, second = rounds
    by_type = {item.repo_id: item.revision[:12] for item in first.published.items}
    assert list(first.loaded.suggestions) == ["zero-shot:sentence-transformers/all-MiniLM-L6-v2"]
    assert set(second.loaded.suggestions) == {
        f"{repo_id}:{by_type[repo_id]}"
        for repo_id in ("copydesk/chain-test-topics", "copydesk/chain-test-entities")
    }
    client = connect()
    dataset = find_dataset(client, read_desk("desk.yaml", KNOBS))
    rows = list(list_rows(client, dataset, ("suggestions",)))
    blind = [row for row in rows if row["metadata"]["blind"] == "yes"]
    assert blind
    assert all(row["suggestions"] == [] for row in blind)
    assert all(row["suggestions"] for row in rows if row["metadata"]["blind"] == "no")
    held = {r.article.id: r.split for r in second.gold.reviewed if r.split != "train"}
    assert set(held) == {row["external_id"] for row in blind} - set(second.gold.quarantined)
    assert set(held.values()) == {"test", "validation"}


def test_running_it_again_changes_nothing(
    rounds: list[CurateReport], services: Services, hub_service: HubService
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    repos = [(item.repo_id, item.repo_type) for item in rounds[1].published.items]
    before = {repo: api.list_repo_commits(repo[0], repo_type=repo[1]) for repo in repos}
    again = curate(
        Curate(overrides=KNOBS, skip=BATCH, limit=BATCH, simulate_with=str(services.home.accounts))
    )
    assert again.loaded.new == 0
    assert again.simulated_answers == 0
    assert [item.changed for item in again.published.items] == [False, False, False]
    assert again.gold == rounds[1].gold
    assert nothing_changed([again])
    assert not nothing_changed([rounds[1], again])
    for repo in repos:
        commits = api.list_repo_commits(repo[0], repo_type=repo[1])
        assert [c.commit_id for c in commits] == [c.commit_id for c in before[repo]]
        # One commit makes the repository, then one a round.
        assert len(commits) == 3


def test_an_unchanged_pull_reads_no_page(
    rounds: list[CurateReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an unchanged data set was paged")

    for read in ("read_all", "read_changes"):
        monkeypatch.setattr(f"flows.read_changes.{read}", refuse)
    report = pull_reviewed(PullReviewed(overrides=KNOBS))
    assert report.kind == "unchanged"
    assert report.new_answers == 0
    assert report.gold == rounds[1].gold


def test_scores_have_intervals_and_stand_in_the_table(rounds: list[CurateReport]) -> None:
    topics, entities = rounds[1].scores
    for value in (topics.test["accuracy"], topics.test["macro_f1"], entities.test["f1"]):
        assert 0 <= value["low"] <= value["value"] <= value["high"] <= 1
    assert set(entities.test["labels"]) == {"person", "organization", "location", "event"}
    table = demo_table(rounds)
    # What more labels would bring is told with the last round.
    last = {name for name, row in table.items() if "round 1" not in row}
    assert last == {f"{kind}: by the next 100 labels" for kind in ("topics", "entities")}
    assert all("round 2" in row for row in table.values())
    assert any("accuracy" in name for name in table)
    kept, before = rounds[1].gold.acceptance, rounds[0].gold.acceptance
    shown = kept.topics_shown - before.topics_shown
    assert table["topic suggestions kept"]["round 2"].endswith(f" of {shown}")


def test_unmodified_clients_read_what_was_published(
    rounds: list[CurateReport], services: Services, tmp_path: Path
) -> None:
    script = """
import json, os
from datasets import load_dataset
from setfit import SetFitModel
from transformers import pipeline
import argilla as rg

data = load_dataset("copydesk/chain-test")
row = data["train"][0]
topics = SetFitModel.from_pretrained("copydesk/chain-test-topics").predict(["A cup final"])
find = pipeline("token-classification", model="copydesk/chain-test-entities",
                aggregation_strategy="first")
spans = find("Ada Obi spoke in Geneva.")
records = list(rg.Argilla().datasets("chain-test", workspace="copydesk").records)
print(json.dumps({
    "splits": {k: len(v) for k, v in data.items()},
    "names": data["train"].features["topic"].names,
    "mentions": [row["text"][s["start"]:s["end"]] for s in row["spans"]],
    "topics": list(topics), "spans": str(spans), "records": len(records),
}))
"""
    found = run_plain_client(services, script, tmp_path)
    assert sum(found["splits"].values()) > BATCH
    assert found["names"] == ["World", "Sports", "Business", "Sci/Tech"]
    assert all(mention == mention.strip() != "" for mention in found["mentions"])
    assert found["topics"][0] in found["names"]
    assert found["records"] == 2 * BATCH


def test_cards_show_the_figures_of_their_manifests(
    rounds: list[CurateReport], hub_service: HubService
) -> None:
    for item in rounds[1].published.items:
        kind = "" if item.repo_type == "model" else "datasets/"
        base = f"{hub_service.endpoint}/{kind}{item.repo_id}/resolve/{item.tag}"
        card = httpx.get(f"{base}/README.md").text
        manifest = httpx.get(f"{base}/manifest.json").json()
        assert "simulated" in card
        answers = manifest["answers"]
        assert answers["simulated"] == answers["submitted"] == 6 * BATCH
        if manifest["kind"] == "dataset":
            assert f"| Answers | {answers['submitted']} |" in card
        else:
            first = manifest["scores"].get("accuracy") or manifest["scores"]["f1"]
            assert f"{first['value']:.3f} [{first['low']:.3f}, {first['high']:.3f}]" in card


def test_every_flow_left_an_artifact(rounds: list[CurateReport]) -> None:
    with get_client(sync_client=True) as client:
        keys = {
            artifact.key for artifact in client.read_artifacts(artifact_filter=ArtifactFilter())
        }
    wanted = {
        "loaded",
        "argilla",
        "reviewed",
        "topics-curve",
        "entities-curve",
        "scores",
        "published",
        "annotators",
    }
    assert {f"chain-test-{name}" for name in wanted} <= keys


def test_labels_of_the_source_become_suggestions(services: Services, tmp_path: Path) -> None:
    source = tmp_path / "labelled.jsonl"
    rows = [
        {"text": f"Ada {i} met Bo in Rome", "topic": "World",
         "spans": [{"start": 0, "end": 3, "label": "person"}]}
        for i in range(3)
    ]  # fmt: skip
    source.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    knobs = {
        **KNOBS,
        "name": "labelled",
        "source.path": str(source),
        "source.columns": {"text": "text", "topic": "topic", "spans": "spans"},
        "source.suggest_labels": True,
        "review.blind_share": 0.0,
    }
    report = load_news(LoadNews(overrides=knobs))
    assert report.suggestions == {"source:labelled.jsonl": 6}
    client = connect()
    dataset = find_dataset(client, read_desk("desk.yaml", knobs))
    for row in list_rows(client, dataset, ("suggestions",)):
        values = [s["value"] for s in row["suggestions"]]
        assert "World" in values
        assert [{"label": "person", "start": 0, "end": 3}] in values
