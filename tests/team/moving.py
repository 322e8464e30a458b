"""A small desk that moves from the embedded server to the team's."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from corpus.articles import Article
from corpus.desk import read_desk
from corpus.sources.read import read_articles
from tests.team import compose

BATCH = 16
NAME = "moving"
KNOBS: dict[str, Any] = {
    "name": NAME,
    "workspace": "newsroom",
    "review.blind_share": 0.25,
    "splits.validation": 0.2,
    "models.topics.method": "frozen",
    "models.topics.max_length_tokens": 32,
    "models.entities.method": "frozen",
    "models.entities.head_epochs": 1,
    "models.entities.max_length_tokens": 64,
    "models.entities.stride_tokens": 16,
    "publish.dataset": "copydesk/moving",
    "publish.topic_model": "copydesk/moving-topics",
    "publish.entity_model": "copydesk/moving-entities",
}
DESK = read_desk("desk.yaml", KNOBS)


def articles(skip: int = 0) -> list[Article]:
    return list(read_articles(DESK.source, DESK.labels).articles[skip : skip + BATCH])


def killed_import(file: Path, accounts: Path) -> None:
    """The command, with small batches, killed when it says that some are there."""
    script = (
        "import argilla_settings.import_records as r; r.PAGE = 5; "
        "from copydesk.commands import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, "import-argilla", str(file), "--accounts", str(accounts)],
        stderr=subprocess.PIPE,
        cwd=compose.PROJECT,
        text=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if f"{NAME}: 5 of {BATCH}" in line:
                running.kill()
                break
    assert running.returncode == -9
