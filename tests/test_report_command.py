"""copydesk report: from the ledger alone; real names only where they are asked for."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from argilla_settings.addresses import open_addresses
from argilla_settings.responses import pseudonym
from benchmarks.reported_review import Asked, Person, make_reported
from copydesk.commands import app
from copydesk.report_command import write_private
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.review_state import open_ledger
from corpus.sources.read import read_articles
from flows.annotator_report import annotator_report
from flows.desk_run import DeskRun
from tests.flows.chain import settings
from tests.running import ArgillaService, Services

URL = "http://127.0.0.1:6900/"


def fill(desk: Desk, people: list[str]) -> Ledger:
    """A ledger of a made-up review by people of these names."""
    articles = read_articles(desk.source, desk.labels).articles[:60]
    team = [Person(name, (0.2, 0.1), 20, 0.1) for name in people]
    asked = Asked(articles, list(desk.labels.topics), list(desk.labels.entities), days=4)
    ledger = open_ledger(desk)
    ledger.append_articles(articles)
    ledger.append_entries(make_reported(asked, team).statements)
    ledger.set_cursor({"dataset": "d1", "records": "80"})
    return ledger


@pytest.fixture
def knobs(tmp_path: Path) -> dict[str, Any]:
    return {"name": "reported", "state": str(tmp_path / "state")}


def test_it_needs_no_service(
    knobs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ARGILLA_API_URL", raising=False)
    command = ["report", *settings(knobs)]
    nothing = CliRunner().invoke(app, command)
    assert "has no answer in its ledger" in str(nothing.exception)
    fill(read_desk("desk.yaml", knobs), ["annotator-0000000a", "annotator-0000000b"])
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.exception
    assert shown.stdout.startswith("Two people gave ")
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert found["progress"]["records"] == 80
    assert set(found["agreement"]["topics"]["overall"]["values"]["percent"]) == {
        "value",
        "low",
        "high",
    }
    page = tmp_path / "report.html"
    assert str(page) in CliRunner().invoke(app, [*command, "--out", str(page)]).stdout
    text = page.read_text(encoding="utf-8")
    assert f"{found['progress']['answers']} answers" in text and "<a " not in text
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    monkeypatch.setenv("ARGILLA_API_URL", URL)
    CliRunner().invoke(app, [*command, "--out", str(page)])
    assert 'href="http://127.0.0.1:6900/dataset/d1/annotation-mode?status=pending&amp;search=' in (
        page.read_text(encoding="utf-8")
    )


def test_names_are_for_the_page_alone(knobs: dict[str, Any]) -> None:
    refused = CliRunner().invoke(app, ["report", *settings(knobs), "--names", "--json"])
    assert "--names is for the page alone" in str(refused.exception)


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    page.chmod(0o644)
    write_private(page, "new é")
    assert page.read_text(encoding="utf-8") == "new é"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [page]
    for wrong in (tmp_path / "none" / "page.html", tmp_path):
        with pytest.raises(DeskError, match="cannot be written"):
            write_private(wrong, "x")
    assert list(tmp_path.iterdir()) == [page]


def test_addresses_of_discarded_articles(knobs: dict[str, Any]) -> None:
    desk = read_desk("desk.yaml", knobs)
    ledger = fill(desk, ["annotator-0000000a"])
    some = sorted(ledger.articles())[:3]
    found = open_addresses(URL, ledger, some)
    assert set(found) == set(some)
    start = "http://127.0.0.1:6900/dataset/d1/annotation-mode?status=pending&search="
    assert all(address.startswith(start) for address in found.values())
    assert open_addresses("", ledger, some) == {}
    ledger.set_cursor({"records": "80"})
    assert open_addresses(URL, ledger, some) == {}


@pytest.mark.services
def test_the_artifact_names_nobody_and_the_page_who_is_asked_for(
    services: Services, argilla_service: ArgillaService, knobs: dict[str, Any], tmp_path: Path
) -> None:
    from argilla_settings.connection import connect
    from argilla_settings.rest import read_items

    desk = read_desk("desk.yaml", knobs)
    users = [u for u in read_items(connect(), "users") if u["role"] == "annotator"][:2]
    names = {pseudonym(user["id"], desk): user["username"] for user in users}
    fill(desk, sorted(names))
    annotator_report(DeskRun(overrides=knobs))
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["reported-annotators"]))
        (artifact,) = client.read_artifacts(artifact_filter=wanted)
    shown = artifact.data
    assert isinstance(shown, str)
    page = tmp_path / "named.html"
    command = ["report", *settings(knobs), "--out", str(page)]
    printed = CliRunner().invoke(app, [*command, "--names", "--json"])
    assert printed.exit_code == 0, printed.exception
    for name, username in names.items():
        # A pseudonym may begin as another person's account does: annotator-1, annotator-1116d54a.
        assert name in shown and not re.search(rf"{re.escape(username)}\b", shown)
        assert name in printed.stdout and f'"{username}"' not in printed.stdout
        assert name not in page.read_text() and username in page.read_text()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert not any(f"{username}<" in page.read_text() for username in names.values())
