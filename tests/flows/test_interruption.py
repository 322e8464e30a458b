"""A round killed at every step, and one interrupted by Ctrl-C: the next run repairs all of it."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from argilla_settings.connection import connect
from argilla_settings.news import find_dataset
from argilla_settings.records import list_rows
from corpus.desk import Desk, read_desk
from corpus.ledger import current_entries
from corpus.review_state import open_ledger
from tests.running import HubService, Services

pytestmark = pytest.mark.services

PROJECT = Path(__file__).resolve().parents[2]
ARTICLES = 16
KNOBS: dict[str, Any] = {
    "name": "killed-test",
    "source.limit": ARTICLES,
    "models.topics.max_steps": 4,
    "models.topics.max_length_tokens": 32,
    "models.entities.epochs": 1,
    "models.entities.max_length_tokens": 64,
    "models.entities.stride_tokens": 16,
    "publish.dataset": "copydesk/killed-test",
    "publish.topic_model": "copydesk/killed-test-topics",
    "publish.entity_model": "copydesk/killed-test-entities",
}
# What the command says when it is about to do the next thing, in the order of a round.
MOMENTS = (
    "articles are new to Argilla",
    "logged",
    "annotator-1 (simulated) answered",
    "answers read",
    "training topics: step 2 of",
    "training entities: step 1 of",
    "scoring topics on",
    "published copydesk/killed-test at",
)


def start_round() -> subprocess.Popen[str]:
    sets = [part for key, value in KNOBS.items() for part in ("--set", f"{key}={value}")]
    return subprocess.Popen(
        [sys.executable, "-m", "copydesk", "curate", "--simulate", *sets],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_at(moment: str, how: signal.Signals) -> tuple[int, str]:
    """Run a round until it says this, then end it; its exit code and what it said."""
    running = start_round()
    assert running.stderr is not None
    said = []
    for line in running.stderr:
        said.append(line)
        if moment in line:
            running.send_signal(how)
            break
    said.append(running.communicate(timeout=120)[1])
    assert moment in "".join(said), "".join(said)
    return running.returncode, "".join(said)


def test_a_round_killed_at_every_step_is_repaired_by_the_next(
    services: Services, hub_service: HubService
) -> None:
    for moment in MOMENTS:
        code, said = end_at(moment, signal.SIGKILL)
        assert code == -signal.SIGKILL, said
    code, said = end_at("unchanged copydesk/killed-test at", signal.SIGINT)
    assert code == 130, said
    assert "interrupted; run the same command again" in said
    assert "Traceback" not in said
    whole = start_round()
    _, said = whole.communicate(timeout=240)
    assert whole.returncode == 0, said
    desk = read_desk(str(PROJECT / "desk.yaml"), KNOBS)
    assert_each_record_and_answer_once(desk)
    assert_one_commit_each(desk, HfApi(hub_service.endpoint, token=hub_service.token))


def assert_each_record_and_answer_once(desk: Desk) -> None:
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    rows = list(list_rows(client, dataset, ("responses",)))
    assert len({row["external_id"] for row in rows}) == len(rows) == ARTICLES
    assert Counter(len(row["responses"]) for row in rows) == {3: ARTICLES}
    entries = open_ledger(desk).entries()
    assert len(entries) == len(current_entries(entries)) == 3 * ARTICLES


def assert_one_commit_each(desk: Desk, api: HfApi) -> None:
    for repo_id, kind in (
        (desk.publish.dataset, "dataset"),
        (desk.publish.topic_model, "model"),
        (desk.publish.entity_model, "model"),
    ):
        assert repo_id is not None
        published = [
            c for c in api.list_repo_commits(repo_id, repo_type=kind) if "initial" not in c.title
        ]
        assert len(published) == 1, [c.title for c in published]
        manifest = api.hf_hub_download(repo_id, "manifest.json", repo_type=kind)
        answers = json.loads(Path(manifest).read_text())["answers"]
        assert answers["simulated"] == answers["submitted"] == 3 * ARTICLES
