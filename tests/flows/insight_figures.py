"""Figures of probes and of the curve over gold, from the published files alone."""

import statistics
from itertools import product
from pathlib import Path
from typing import Any

from publishing.manifest import ModelManifest
from publishing.predictions import read_predictions
from tests.flows.published import flat
from training.probes.probe import figures
from training.worth.measured import from_rows
from training.worth.report import worth

Row = dict[str, Any]


def insight_figures(folder: Path, manifest: ModelManifest, seed: int) -> dict[str, Any]:
    """Key → value of every number of the sections, by the code of the training room."""
    assert manifest.worth is not None
    probed = figures(read_predictions(folder / "evaluation/probes.jsonl"), seed).to_dict()
    support = {label: manifest.worth.labels[label].support for label in manifest.labels}
    measured = from_rows(read_predictions(folder / "evaluation/worth.jsonl"), support)
    found = worth(measured, manifest.worth.method, seed, manifest.worth.examples)
    return {
        **flat(found.to_dict(), "/worth"),
        **flat(probed["bias"], "/bias_probe"),
        **flat(probed["robustness"], "/robustness"),
    }


def plain_insight(folder: Path, kind: str) -> dict[str, float]:
    """Key → value of some of them by plain loops."""
    rows = read_predictions(folder / "evaluation/probes.jsonl")
    found = _careless([row for row in rows if row["probe"] == "robustness"])
    if kind == "topics":
        people = [row for row in rows if row["probe"] == "person"]
        found["/bias_probe/person, gender: topic changes/value"] = _excess(
            people, "gender", "region"
        )
        return found
    places = [row for row in rows if row["probe"] == "location"]
    for region in {row["groups"]["region"] for row in places}:
        hits = [row["values"]["found"] for row in places if row["groups"]["region"] == region]
        found[f"/bias_probe/location, region: found of {region}/value"] = statistics.mean(hits)
    return found


def support_of(default: list[Row], kind: str, topics: list[str]) -> dict[str, int]:
    """Examples to learn from of each label, counted in the published data set."""
    train = [row for row in default if row["split"] == "train"]
    labels = (
        [topics[row["topic"]] for row in train]
        if kind == "topics"
        else [span["label"] for row in train for span in row["spans"]]
    )
    return {f"/worth/labels/{label}/support": labels.count(label) for label in set(labels)}


def _careless(rows: list[Row]) -> dict[str, float]:
    f1 = {}
    for change in {row["change"] for row in rows}:
        some = [row for row in rows if row["change"] == change]
        hits = sum(x in row["gold"] for row in some for x in row["predicted"])
        marked = sum(len(row["gold"]) + len(row["predicted"]) for row in some)
        f1[change] = 2 * hits / marked if marked else 0.0
    plain = f1.pop("unchanged")
    found = {f"/robustness/changes/{name}/value": value - plain for name, value in f1.items()}
    return found | {"/robustness/unchanged/value": plain}


def _excess(rows: list[Row], axis: str, other: str) -> float:
    said = {(r["sentence"], r["name"]): max(sorted(r["values"]), key=r["values"].get) for r in rows}
    names = {r["name"]: r for r in rows}
    between, within = [], []
    for a, b in product(names.values(), repeat=2):
        if a["groups"][other] != b["groups"][other] or a["like"] == b["like"]:
            continue
        pairs = within if a["groups"][axis] == b["groups"][axis] else between
        pairs += [
            said[s, a["name"]] != said[s, b["name"]] for s in {row["sentence"] for row in rows}
        ]
    return statistics.mean(between) - statistics.mean(within)
