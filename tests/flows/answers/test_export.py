"""Chosen and rejected answers as files: what trl loads, what stays here, what commands say."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.instruct.opinions import (
    Generation,
    Opinion,
    answers_ledger,
    append_generations,
    append_opinions,
    read_generations,
)
from corpus.review_state import open_ledger
from flows.export_preferences import ExportPreferences, export_preferences
from flows.load_answers import LoadedAnswers
from flows.pull_answers import PulledAnswers
from tests.flows.answers.people import LIMIT, Annotator
from tests.flows.chain import settings
from tests.running import Services
from tests.warm_command import WarmCommand

pytestmark = [pytest.mark.services, pytest.mark.long]


def test_preferences_are_exported_as_trl_loads_them(
    pulled: PulledAnswers, knobs: dict[str, Any], desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "made" / "preferences.jsonl"
    report = export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert report.rows == {"correction": 2}
    rows = list(load_dataset("json", data_files=str(out), split="train", cache_dir=str(tmp_path)))
    right_of = {c.article.id: c for c in pulled.corrections.used}
    written = read_generations(answers_ledger(open_ledger(desk)))
    assert {row["article_id"] for row in rows} == set(right_of)
    for row in rows:
        correction = right_of[row["article_id"]]
        assert json.loads(row["chosen"][0]["content"])["topic"] == correction.answer.topic
        assert row["rejected"][0]["content"] == written[row["id"].rpartition(":")[0]].written
        assert row["split"] == correction.split
        assert correction.article.text in row["prompt"][1]["content"]
        assert row["annotators"] == correction.annotators
    content = out.read_bytes()
    export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert out.read_bytes() == content
    assert out.stat().st_mode & 0o077 == 0
    assert [file.name for file in out.parent.iterdir()] == [out.name]


def test_no_text_goes_out_whose_licence_forbids_it(services: Services, tmp_path: Path) -> None:
    """Of two corrected articles the second may not be passed on; then neither."""
    columns = {"text": "text", "license": "licence"}
    knobs: dict[str, Any] = {
        "name": "withheld-corrections",
        "source.columns": columns,
        "labels.entities": {},
        "review.min_submitted": 1,
        "state": str(tmp_path / "state"),
    }
    desk = read_desk("desk.yaml", knobs)
    ledger = open_ledger(desk)
    answers = answers_ledger(ledger)
    articles = [
        Article("open", "The ferry left the old harbour late on Monday.", license="CC BY 4.0"),
        Article("closed", "A bank in the north lost its only clock.", license="© Harbour Wire"),
    ]
    ledger.append_splits({"open": "train", "closed": "train"})
    answers.append_articles(articles)
    made = [Generation(a.id, "m", 0, '{"topic": "World"}') for a in articles]
    append_generations(answers, made)
    at = datetime(2031, 5, 1, tzinfo=UTC)
    given = '{"topic": "Business"}'
    opinions = [Opinion(g.id, "annotator-0", "submitted", 1, given, at) for g in made]
    append_opinions(answers, opinions)
    out = tmp_path / "p.jsonl"
    report = export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert (report.rows, report.withheld, report.tested) == ({"correction": 1}, 1, 0)
    (row,) = map(json.loads, out.read_text().splitlines())
    assert (row["article_id"], row["license"]) == ("open", "CC BY 4.0")
    assert "clock" not in out.read_text() and "ferry" in out.read_text()
    answers.append_articles([replace(articles[0], license="")])
    with pytest.raises(
        DeskError, match="2 opinions, 2 preferences, 2 of articles whose text"
    ) as no:
        export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert "publish.text_licenses" in no.value.next_step
    # What was there before is not half overwritten.
    assert json.loads(out.read_text()) == row


def test_nobody_is_named_in_state_or_export(
    pulled: PulledAnswers,
    people: list[Annotator],
    knobs: dict[str, Any],
    desk: Desk,
    tmp_path: Path,
) -> None:
    out = tmp_path / "preferences.jsonl"
    export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    ledger = answers_ledger(open_ledger(desk))
    rows = ledger.rows("opinions")
    assert len({row["annotator"] for row in rows}) == 2
    content = json.dumps(rows) + out.read_text(encoding="utf-8")
    for person in people:
        assert person.id not in content
    for name in ("annotator-1", "annotator-2"):
        assert f'"{name}"' not in content
    # The pseudonyms of the state stay there.
    assert not any(row["annotator"] in out.read_text() for row in rows)


def test_the_commands_say_what_they_did(
    loaded: LoadedAnswers,
    pulled: PulledAnswers,
    warm: WarmCommand,
    knobs: dict[str, Any],
    tmp_path: Path,
) -> None:
    options = settings({k: json.dumps(v) if isinstance(v, list) else v for k, v in knobs.items()})
    done = warm("answers", "load", "--limit", str(LIMIT), *options)
    assert done.returncode == 0, done.stderr
    assert f"{LIMIT} answers of model {loaded.model}" in done.stdout
    done = warm("answers", "pull", *options)
    assert done.returncode == 0, done.stderr
    assert "0 new or changed opinions; 6 count, rated 1.67 on average." in done.stdout
    assert "     2 articles whose correction teaches the next model" in done.stdout
    assert "     1 broken corrections" in done.stdout and " 0 articles" not in done.stdout
    assert "correction not used: " in done.stderr and "'Gossip' is not one of" in done.stderr
    done = warm("answers", "export", "--out", str(tmp_path / "p.jsonl"), *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"2 preferences (2 by correction) are in {tmp_path / 'p.jsonl'}.\n"
    done = warm("answers", "pull", "--set", "name=nobodys", *options[2:])
    assert done.returncode == 1
    assert "nobodys-answers" in done.stderr
    assert "copydesk answers load" in done.stderr
