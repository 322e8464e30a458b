"""What is different from the last published version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from publishing.manifest import ModelManifest
from publishing.manifest_parts import DatasetChanges, ModelChanges, ScoreChange

SHOWN_SCORES = (
    "accuracy", "macro_f1", "precision", "recall", "f1",
    "answer_f1", "json_validity", "schema_validity", "topic_accuracy", "entity_f1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelled:
    """What counts as the same article with the same labels."""

    split: str
    topics: Any
    spans: tuple[tuple[int, int, str], ...]


def default_files(files: Iterable[str]) -> list[str]:
    """Those of the default configuration among the files of a data set."""
    return sorted(name for name in files if name.startswith("data/") and name.endswith(".parquet"))


def read_labels(folder: Path, names: Iterable[str]) -> dict[str, Labelled]:
    """Id → labels of every row of these files below ``folder``."""
    found = {}
    for file in (folder / name for name in names):
        there = set(parquet.read_schema(file).names)
        table = parquet.read_table(
            file, columns=[c for c in ("id", "topic", "topics", "spans") if c in there]
        )
        for row in table.to_pylist():
            spans = tuple((s["start"], s["end"], s["label"]) for s in row.get("spans") or ())
            topics = row["topics"] if "topics" in there else row.get("topic")
            found[row["id"]] = Labelled(file.name.split("-")[0], topics, spans)
    return found


def dataset_changes(
    since: str, old: Mapping[str, Labelled], new: Mapping[str, Labelled]
) -> DatasetChanges:
    """Counts of articles that came, went, or changed."""
    both = [(old[i], new[i]) for i in old.keys() & new.keys()]
    return DatasetChanges(
        since=since,
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        relabelled=sum((a.topics, a.spans) != (b.topics, b.spans) for a, b in both),
        moved=sum(a.split != b.split for a, b in both),
    )


def model_changes(since: str, old: ModelManifest, new: ModelManifest) -> ModelChanges:
    """Scores side by side, and which settings differ."""
    names = [n for n in SHOWN_SCORES if old.scores.get(n) and new.scores.get(n)]
    settings = sorted(
        name
        for name in {*old.training.settings, *new.training.settings}
        if old.training.settings.get(name) != new.training.settings.get(name)
    )
    return ModelChanges(
        since=since,
        scores={
            name: ScoreChange(old=old.scores[name]["value"], new=new.scores[name]["value"])
            for name in names
        },
        same_test=old.lineage.test_digest == new.lineage.test_digest,
        examples_before=old.training.examples,
        settings=settings,
    )
