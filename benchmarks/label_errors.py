"""Which labels are wrong: cleanlab beside what the trained model doubts, on labels of real people.

    make bench-label-errors DATA=folder    (.venv/bin/python -m benchmarks.label_errors --data folder)

The folder holds crowd_agnews_topics.parquet (item_id, text, annotator, label, gold). What an
annotator said is taken for gold, or what the majority did; the real gold tells what is wrong. Also:
what somebody who is always right would bring by deciding the ties of the majority (simulated).
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

from benchmarks.results import about, save, say
from corpus.errors import DeskError
from corpus.intervals import Interval, drawn_counts, resampled_totals, share, to_interval
from corpus.settings.models import TopicModelSettings
from corpus.votes.decided import TIE
from corpus.votes.rules import MAJORITY, Policy, settle_choices
from corpus.votes.vote import Vote
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.evaluation.doubts import topic_doubt
from training.evaluation.label_errors import METHOD, label_doubts, unseen_probabilities
from training.examples import TopicExample
from training.worth.topics import embed

SEED = 13
ENCODER, LENGTH_TOKENS = "offline", 128
LOOKED_AT, RECALLED = 100, 400
TRAINED, PLAIN, CLEANLAB = "trained model, in-sample", "other topic, unseen", "cleanlab, unseen"


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Texts with what was answered, by annotator, and gold; ``by_majority`` "" for a tie."""

    texts: list[str]
    answers: Mapping[str, list[str]]
    by_majority: list[str]
    gold: list[str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--models", type=Path, default=Path(".copydesk/label-errors"))
    parser.add_argument("--untrained", action="store_true", help="leave out trained models")
    options = parser.parse_args(arguments)
    begun = about()
    crowd = read_crowd(options.data)
    vectors = embed(crowd.texts, ENCODER, LENGTH_TOKENS)
    found = []
    for name, given in {**crowd.answers, MAJORITY: crowd.by_majority}.items():
        models = None if options.untrained else options.models / name
        found.append({"given": name} | compare(crowd, vectors, given, models))
        say(str(found[-1]))
    measured = {"method": METHOD, "looked_at": LOOKED_AT, "recalled": RECALLED, "given": found}
    save("label_errors", begun, {**measured, "adjudication": adjudicated(crowd)})


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


def compare(
    crowd: Labelled, vectors: np.ndarray, given: Sequence[str], models: Path | None
) -> dict[str, Any]:
    """Each way of doubting these labels; ties are no labels."""
    rows = [i for i, label in enumerate(given) if label]
    labels, texts = [given[i] for i in rows], [crowd.texts[i] for i in rows]
    wrong = np.array([given[i] != crowd.gold[i] for i in rows])
    began = time.process_time()
    ways = {CLEANLAB: label_doubts(vectors[rows], labels, SEED)}
    cpu = time.process_time() - began
    ways[PLAIN] = unseen_doubts(vectors[rows], labels)
    if models is not None:
        ways[TRAINED] = trained_doubts(texts, labels, models)
    base = TRAINED if models is not None else PLAIN
    totals = {way: found_wrong(doubts, wrong) for way, doubts in ways.items()}
    return {
        "labels": len(rows),
        "wrong": int(wrong.sum()),
        "cpu": round(cpu, 2),
        "suspected": int((ways[CLEANLAB] > 0.5).sum()),
        "ways": {way: described(found) for way, found in totals.items()},
        "better_than": base,
        "difference": described(totals[CLEANLAB] - totals[base]),
    }


def unseen_doubts(vectors: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """As the flow once doubted what a model had learned, of a model that did not see the text."""
    topics = sorted(set(labels))
    numbers = np.array([topics.index(label) for label in labels])
    said = unseen_probabilities(vectors, numbers, SEED)
    return np.where(said.argmax(axis=1) == numbers, 0.0, said.max(axis=1))


def trained_doubts(texts: Sequence[str], labels: Sequence[str], folder: Path) -> np.ndarray:
    """What the topic model that learned from these labels doubts of them; trained once."""
    if not folder.is_dir():
        topics = sorted(set(labels))
        # A tenth is validation, as desks have it.
        examples = [
            TopicExample(str(i), text, (label,), "validation" if i % 10 == 0 else "train")
            for i, (text, label) in enumerate(zip(texts, labels, strict=True))
        ]
        settings = TopicModelSettings(max_length_tokens=LENGTH_TOKENS)
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        trained = train_topics(examples, topics, settings, ENCODER, SEED, unfinished)
        say(f"{folder.name}: {trained.settings['rung']}, {trained.cpu_seconds:.0f} CPU s")
        unfinished.rename(folder)
    said = predict_topics(load_topic_model(str(folder)), texts)
    return np.array(
        [topic_doubt(g, p.topic, p.score) for g, p in zip(labels, said, strict=True)], dtype=float
    )


def found_wrong(doubts: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """(1 + resamples, 2): the share of wrong ones among the LOOKED_AT most doubtful, and the share
    of all wrong ones that stand among the RECALLED most doubtful. The first row is observed.
    """
    order = np.argsort(-doubts, kind="stable")
    ranked = wrong[order].astype(float)
    drawn = [np.ones((1, len(order))), *drawn_counts(len(order), SEED)]
    rows = []
    for counts in np.vstack(drawn)[:, order]:
        before = np.concatenate([[0.0], np.cumsum(counts)[:-1]])
        top = [np.clip(k - before, 0, counts) @ ranked for k in (LOOKED_AT, RECALLED)]
        rows.append([top[0] / LOOKED_AT, top[1] / (counts @ ranked)])
    return np.array(rows)


def described(found: np.ndarray) -> dict[str, Any]:
    """Both figures with their intervals."""
    names = ("precision", "recall")
    return {
        name: _figure(to_interval(found[0, column], found[1:, column]))
        for column, name in enumerate(names)
    }


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
        name: _figure(found) for name, found in figures.items() if found
    }


def _figure(found: Interval) -> dict[str, float]:
    return {name: round(getattr(found, name), 4) for name in ("value", "low", "high")}


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
