"""The group `copydesk adjudicate`: help, next steps with their desk, whose ledger imports use."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk import commands
from copydesk.transfer import _ledger
from corpus.adjudication import adjudication_ledger
from corpus.desk import read_desk
from corpus.review_state import open_ledger


def test_the_group_names_its_commands() -> None:
    shown = CliRunner().invoke(commands.app, ["adjudicate", "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert {"load", "pull"} <= set(shown.stdout.split())


def test_next_steps_name_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["copydesk", "adjudicate", "pull", "--desk", "my.yaml"])
    said = commands._with_desk("Run copydesk adjudicate load first.")
    assert said == "Run copydesk adjudicate load --desk my.yaml first."


def test_an_import_notes_who_decided_beside_the_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a pull looks for it, with the default state and with one of the desk's own."""
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path / "home"))
    elsewhere = read_desk("desk.yaml", {"state": str(tmp_path / "elsewhere")})
    for desk, desks in ((read_desk("desk.yaml"), []), (elsewhere, [elsewhere])):
        found = _ledger(desks, desk.workspace, f"{desk.name}-adjudication")
        assert found is not None
        assert found.root == adjudication_ledger(open_ledger(desk)).root
