"""What the documentation points to is there, and what it tells people to type exists."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.commands import app

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("sample/*.md")])
LINK = re.compile(r"\]\(([^)#]+)\)")
COMMAND = re.compile(r"^(?:\.venv/bin/)?copydesk ([\w-]+)([^#\n]*)", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z]+)\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


# Whose first word is a command of its own.
GROUPS = ("users", "answers", "adjudicate")


def test_the_readme_names_commands_options_and_targets_that_exist() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = TARGET.findall("\n".join(re.findall(r"`[^`]*`|^make .*", text, re.MULTILINE)))
    assert set(targets) >= {"demo", "test"}
    assert [t for t in targets if f"\n{t}:" not in makefile] == []
    commands = COMMAND.findall(text)
    assert len(commands) >= 8
    for name, rest in commands:
        # `copydesk users add …` is a command of a group.
        words = [name, *rest.split()[:1]] if name in GROUPS else [name]
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0, f"copydesk {name}"
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in shown.stdout, f"copydesk {name} {option}"
