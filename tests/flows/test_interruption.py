"""A round killed at every step, and one interrupted by Ctrl-C: the next run repairs all of it."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.records import list_rows
from corpus.desk import Desk, read_desk
from corpus.review_state import open_ledger
from corpus.statements import current_statements
from tests.flows.chain import settings
from tests.running import HubService
from tests.test_copydesk import copydesk
from tests.warm_command import WarmCommand

pytestmark = [pytest.mark.services, pytest.mark.long]

PROJECT = Path(__file__).resolve().parents[2]
ARTICLES = 16
KNOBS: dict[str, Any] = {
    "name": "killed-test",
    "source.limit": ARTICLES,
    "models.topics.max_steps": 4,
    "models.topics.max_length_tokens": 32,
    "models.entities.method": "fine_tune",
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
    "pull of kind full",
    "answers read",
    "training topics: step 2 of",
    "training entities: step 1 of",
    "scoring topics on",
    "topics model probed with",
    "published copydesk/killed-test at",
)


ROUND = ("curate", "--simulate", *settings(KNOBS))


def test_a_round_killed_at_every_step_is_repaired_by_the_next(
    warm: WarmCommand, hub_service: HubService
) -> None:
    for moment in MOMENTS:
        killed = warm.start(*ROUND).end_at(moment, signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    ended = warm.start(*ROUND).end_at("unchanged copydesk/killed-test at", signal.SIGINT)
    assert ended.returncode == 130, ended.stderr
    assert "interrupted; run the same command again" in ended.stderr
    assert "Traceback" not in ended.stderr
    whole = copydesk(*ROUND)
    assert whole.returncode == 0, whole.stderr
    assert "published copydesk/killed-test-entities at" in whole.stderr
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
    assert len(entries) == len(current_statements(entries)) == 3 * ARTICLES


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
