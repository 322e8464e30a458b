"""Scores for people: a table as an artifact, lines on the terminal."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from prefect.artifacts import create_table_artifact

from corpus.desk import Desk
from flows.row_scores import ModelScores

# None of one of these: not defined, since nothing was said or there was nothing to find.
MAY_BE_UNDEFINED = ("precision", "recall", "f1", "macro_f1")
UNDEFINED = "not defined"


def show(desk: Desk, scores: Sequence[ModelScores]) -> None:
    """Artifact: every score with its 95 % interval."""
    rows = table_rows(scores)
    if rows:
        create_table_artifact(table=rows, key=f"{desk.name}-scores".replace("_", "-"))


def table_rows(scores: Sequence[ModelScores]) -> list[dict[str, str]]:
    """One row a score, then those of each label and slice; ``on`` says which articles."""
    return [
        {"model": s.kind, "on": f"{on} ({part['n']} articles)", **row}
        for s in scores
        for on, part in (("reviewed test", s.test), ("benchmark", s.benchmark))
        if part
        for row in _part_rows(part)
    ]


def score_lines(scores: Sequence[ModelScores]) -> list[str]:
    """One line for each score, for the terminal."""
    return [
        f"{row['model']} on {row['on']}: {row['score']} {_shown(row)}" for row in table_rows(scores)
    ]


def score_json(scores: Sequence[ModelScores]) -> str:
    """Everything that was measured: kind → test and benchmark, as training.evaluation gives it."""
    found = {s.kind: {"key": s.key, "test": s.test, "benchmark": s.benchmark} for s in scores}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _part_rows(part: dict[str, Any]) -> list[dict[str, str]]:
    return [{"score": name, **_interval(value)} for name, value in _named(part)]


def _named(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, float] | None]]:
    for name, value in part.items():
        is_undefined = value is None and name in MAY_BE_UNDEFINED
        if is_undefined or (isinstance(value, dict) and "low" in value):
            yield name.replace("_", "-"), value
    for label, value in part["labels"].items():
        told = "" if value["support"] else ", cannot be told"
        yield f"f1 of {label} ({value['support']}{told})", value["f1"]
    for name, value in part.get("schemes", {}).items():
        yield f"f1 by {name}", value["f1"]
    if part.get("calibration"):
        yield "calibration error", part["calibration"]["error"]
    for value in part.get("slices", ()):
        yield f"{value['by']}: {value['part']} ({value['n']})", value["score"]


def _shown(row: dict[str, str]) -> str:
    low, high = row["low"], row["high"]
    return f"{row['value']} [{low}, {high}]" if low else row["value"]


def _interval(value: dict[str, float] | None) -> dict[str, str]:
    if value is None:
        return {"value": UNDEFINED, "low": "", "high": ""}
    return {name: f"{value[name]:.3f}" for name in ("value", "low", "high")}
