"""`copydesk publish` and `copydesk card` as a person runs them, on the chain's desk."""

import json
import os
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from flows.curate import CurateReport
from tests.flows.chain import KNOBS, settings
from tests.running import HubService
from tests.test_copydesk import copydesk
from tests.warm_command import WarmCommand

pytestmark = pytest.mark.services
# Elsewhere these models are the first, and a dozen articles are too few to call one useless.
FIRST = KNOBS | {"gate.minimum_test": 30}
SETTINGS = settings(FIRST)
NAMES = ("", "-topics", "-entities")


@pytest.fixture
def api(hub_service: HubService, rounds: list[CurateReport]) -> HfApi:
    assert len(rounds) == 2
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


def kind(name: str) -> str:
    return "model" if name else "dataset"


def test_a_dry_run_prints_the_plan_and_writes_nothing(api: HfApi, warm: WarmCommand) -> None:
    done = warm("publish", "--dry-run", "--to", "hub:copydesk/elsewhere", *SETTINGS)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for name in NAMES:
        start = f"{kind(name)} copydesk/elsewhere{name} (new): one commit with "
        assert any(line.startswith(start) for line in lines), start
        assert not api.repo_exists(f"copydesk/elsewhere{name}", repo_type=kind(name))
    assert any(line.startswith("  add     data/train-") for line in lines)
    # There is nothing yet that a card could differ from.
    assert not any(line.startswith("+++") for line in lines)
    assert "\x1b[" not in done.stdout
    assert os.environ["HF_TOKEN"] not in done.stdout + done.stderr


def test_a_dry_run_says_that_the_token_only_reads(api: HfApi, hub_service: HubService) -> None:
    words = ["publish", "--dry-run", "--to", "hub:copydesk/elsewhere", *SETTINGS]
    reader = {"HF_ENDPOINT": hub_service.endpoint, "HF_TOKEN": hub_service.read_token}
    done = copydesk(*words, **reader)
    assert done.returncode == 1, done.stderr
    refused = [line for line in done.stdout.splitlines() if "the token may only read" in line]
    assert [line.split(" (new)")[0] for line in refused] == [
        f"{kind(name)} copydesk/elsewhere{name}" for name in NAMES
    ]


def test_nothing_to_publish_is_said(api: HfApi, warm: WarmCommand) -> None:
    before = api.list_repo_commits(KNOBS["publish.dataset"], repo_type="dataset")
    done = warm("publish", "--dry-run", *SETTINGS)
    assert done.returncode == 0, done.stderr
    states = [line for line in done.stdout.splitlines() if "unchanged, no commit" in line]
    assert len(states) == len(NAMES), done.stdout
    assert api.list_repo_commits(KNOBS["publish.dataset"], repo_type="dataset") == before


def test_another_address_and_privacy(api: HfApi, warm: WarmCommand) -> None:
    words = ["publish", "--private", "--to", "hub:copydesk/other-place", *SETTINGS]
    for state in ("committed", "unchanged"):
        done = warm(*words)
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if line.startswith("http")]
        assert [line.split()[1:4:2] for line in lines] == [["v1", state]] * len(NAMES)
    for name in NAMES:
        info = api.repo_info(f"copydesk/other-place{name}", repo_type=kind(name))
        assert info.private
        assert HfApi(endpoint=api.endpoint, token=False).repo_exists(info.id) is False


def test_cards_are_rendered_without_a_hub(api: HfApi, tmp_path: Path) -> None:
    done = copydesk("card", "--out", str(tmp_path), *SETTINGS, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    repo_id = KNOBS["publish.dataset"]
    folders = [tmp_path / f"{kind(name)}s" / f"{repo_id}{name}" for name in NAMES]
    paths = [folder / file for folder in folders for file in ("README.md", "index.html")]
    assert done.stdout.splitlines() == [str(path) for path in paths]
    for folder in folders:
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert page.startswith("<!doctype html>")
        assert "<dt>license</dt>" in page
        assert "prefers-color-scheme: dark" in page
        assert not any(f'{a}="http' in page for a in ("src", "link href"))
        pictures = {part.split('"')[0] for part in page.split('<img src="')[1:]}
        assert all((folder / picture).is_file() for picture in pictures), pictures
        assert json.loads((folder / "manifest.json").read_text())["license"]["id"]
