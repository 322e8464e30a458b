"""The group `copydesk answers`: its help, next steps with their desk, whose ledger imports use."""

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from copydesk import commands
from copydesk.transfer import _ledger
from corpus.desk import read_desk
from corpus.instruct.opinions import answers_ledger
from corpus.review_state import open_ledger


def test_the_group_names_its_commands() -> None:
    shown = CliRunner().invoke(commands.app, ["answers", "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert {"load", "pull", "export"} <= set(shown.stdout.split())


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("Run copydesk answers load first.", "Run copydesk answers load --desk my.yaml first."),
        (
            "copydesk answers export --out FILE",
            "copydesk answers export --desk my.yaml --out FILE",
        ),
    ],
)
def test_next_steps_name_the_desk(said: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["copydesk", "answers", "pull", "--desk", "my.yaml"])
    assert commands._with_desk(said) == typed


def test_an_import_notes_who_answered_beside_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where answers pull looks for it: with a state of its own, with the default, a long name."""
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path / "home"))
    elsewhere: dict[str, Any] = {"state": str(tmp_path / "elsewhere")}
    for overrides in ({}, elsewhere, {"name": "n" * 61}):
        desk = read_desk("desk.yaml", overrides)
        found = _ledger(
            [desk] if "state" in overrides else [], desk.workspace, f"{desk.name}-answers"
        )
        assert found is not None
        assert found.root == answers_ledger(open_ledger(desk)).root
        assert found.root.startswith(str(tmp_path))
