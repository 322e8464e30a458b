"""Answers of three annotators, and the commands that read them."""

import json
from typing import Any

import pandas as pd
from typer.testing import CliRunner

from copydesk.commands import app

ROWS = [
    ("1", "ann", "Sports"), ("1", "bob", "Sports"), ("1", "cy", "World"),
    ("2", "ann", "World"), ("2", "bob", "World"), ("2", "cy", "World"),
    ("3", "ann", "Sports"), ("3", "bob", "World"),
]  # fmt: skip
GOLD = {"1": "Sports", "2": "World", "3": "World"}


def run(*arguments: Any) -> str:
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.stdout


def as_json(*arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return found


def answers(rows: Any = ROWS) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["item_id", "annotator", "label"])
    frame["gold"] = frame["item_id"].map(GOLD)
    return frame
