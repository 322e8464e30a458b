"""What three annotators said of 4,000 news articles, what is right, and what ties cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

from corpus.errors import DeskError
from corpus.intervals import Interval, resampled_totals, share, to_interval
from corpus.votes.decided import TIE
from corpus.votes.rules import Policy, settle_choices
from corpus.votes.vote import Vote

SEED = 13


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Texts with what was answered, by annotator, and gold; ``by_majority`` "" for a tie."""

    texts: list[str]
    answers: Mapping[str, list[str]]
    by_majority: list[str]
    gold: list[str]


def read_crowd(folder: Path) -> Labelled:
    """All items that have a gold."""
    file = folder / "crowd_agnews_topics.parquet"
    if not file.is_file():
        raise DeskError(f"The benchmark needs {file}.", "Run make bench-label-errors DATA=folder.")
    rows = [r for r in parquet.read_table(file).to_pylist() if r["gold"]]
    texts = {r["item_id"]: r["text"] for r in rows}
    gold = {r["item_id"]: r["gold"] for r in rows}
    votes = [Vote(r["item_id"], r["annotator"], r["label"]) for r in rows]
    decided = {d.unit[0]: d for d in settle_choices(votes, Policy())}
    said = {(v.item, v.annotator): v.value for v in votes}
    return Labelled(
        texts=list(texts.values()),
        answers={a: [said[i, a] for i in texts] for a in sorted({v.annotator for v in votes})},
        by_majority=[decided[i].value or "" for i in texts],
        gold=[gold[i] for i in texts],
    )


def adjudicated(crowd: Labelled) -> dict[str, Any]:
    """Accuracy of the majority's gold before and after somebody who is always right decides its
    ties. Nobody did: it is simulated from gold.
    """
    votes = [Vote(str(i), a, s[i]) for a, s in crowd.answers.items() for i in range(len(s))]
    right = [Vote(str(i), "gold", g) for i, g in enumerate(crowd.gold)]
    before = {d.unit[0]: d for d in settle_choices(votes, Policy())}
    tied = {i for i, d in before.items() if d.rule == TIE}
    policy = Policy(adjudicators=frozenset({"gold"}))
    after = settle_choices([*votes, *(v for v in right if v.item in tied)], policy)
    columns = []
    for decided in after:
        gold, tie = crowd.gold[int(decided.unit[0])], before[decided.unit[0]]
        lot = 1 / len(tie.tied) if gold in tie.tied else 0.0
        counted = lot if tie.rule == TIE else float(tie.value == gold)
        columns.append((counted, float(decided.value == gold), 1.0))
    totals = resampled_totals(np.array(columns), SEED)
    figures = {
        "by_lot": share(totals[:, 0], totals[:, 2]),
        "adjudicated": share(totals[:, 1], totals[:, 2]),
    }
    difference = (totals[:, 1] - totals[:, 0]) / totals[:, 2]
    figures["difference"] = to_interval(difference[0], difference[1:])
    return {"items": len(columns), "ties": len(tied)} | {
        name: figure(found) for name, found in figures.items() if found
    }


def figure(found: Interval) -> dict[str, float]:
    """As results hold it."""
    return {name: round(getattr(found, name), 4) for name in ("value", "low", "high")}
