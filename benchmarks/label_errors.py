"""Which labels are wrong: cleanlab beside what the trained model doubts, on labels of real people.

    make bench-label-errors DATA=folder    (python -m benchmarks.label_errors --data folder)

The folder holds crowd_agnews_topics.parquet (item_id, text, annotator, label, gold). What an
annotator said is taken for gold, or what the majority did; the real gold tells what is wrong. Also:
what somebody who is always right would bring by deciding the ties of the majority (simulated).
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crowd_topics import SEED, Labelled, adjudicated, figure, read_crowd
from benchmarks.results import about, save, say
from corpus.errors import DeskError
from corpus.intervals import drawn_counts, to_interval
from corpus.settings.models import TopicModelSettings
from corpus.votes.rules import MAJORITY
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.evaluation.doubts import topic_doubt
from training.evaluation.label_errors import METHOD, doubt_labels, unseen_probabilities
from training.examples import TopicExample
from training.worth.topics import embed

ENCODER, LENGTH_TOKENS = "offline", 128
LOOKED_AT, RECALLED = 100, 400
# Desks begin with few; of those the first tenth is looked at.
AMOUNTS, DRAWS = (100, 250, 1000), 20
FEW, MODELS = 250, 3
TRAINED, PLAIN, CLEANLAB = "trained model, in-sample", "other topic, unseen", "cleanlab, unseen"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--models", type=Path, default=Path(".copydesk/label-errors"))
    parser.add_argument("--train", nargs="*", default=["agc-a1"], help="whose labels train a model")
    options = parser.parse_args(arguments)
    begun = about()
    crowd = read_crowd(options.data)
    vectors = embed(crowd.texts, ENCODER, LENGTH_TOKENS)
    found = []
    for name, given in {**crowd.answers, MAJORITY: crowd.by_majority}.items():
        models = options.models / name if name in options.train else None
        found.append({"given": name} | compare(crowd, vectors, given, models))
        say(str(found[-1]))
    measured = {"method": METHOD, "looked_at": LOOKED_AT, "recalled": RECALLED, "given": found}
    few = [of_few(crowd, vectors, amount) for amount in AMOUNTS]
    say(str(few))
    if options.train:
        measured["few_trained"] = of_few_trained(crowd, vectors, options.models)
    save("label_errors", begun, {**measured, "few": few, "adjudication": adjudicated(crowd)})


def compare(
    crowd: Labelled, vectors: np.ndarray, given: Sequence[str], models: Path | None
) -> dict[str, Any]:
    """Each way of doubting these labels; ties are no labels."""
    rows = [i for i, label in enumerate(given) if label]
    labels, texts = [given[i] for i in rows], [crowd.texts[i] for i in rows]
    wrong = np.array([given[i] != crowd.gold[i] for i in rows])
    ways = {} if models is None else {TRAINED: trained_doubts(texts, labels, models)}
    ways[PLAIN] = unseen_doubts(vectors[rows], labels)
    began = time.process_time()
    suspected = doubt_labels(vectors[rows], labels, SEED)
    ways[CLEANLAB] = suspected.doubts
    cpu = time.process_time() - began
    base = TRAINED if models is not None else PLAIN
    totals = {way: found_wrong(doubts, wrong) for way, doubts in ways.items()}
    return {
        "labels": len(rows),
        "wrong": int(wrong.sum()),
        "cpu": round(cpu, 2),
        "suspected": suspected.wrong,
        "suspected_wrong": int(wrong[suspected.suspects()].sum()),
        "ways": {way: described(found) for way, found in totals.items()},
        "better_than": base,
        "difference": described(totals[CLEANLAB] - totals[base]),
    }


def of_few(crowd: Labelled, vectors: np.ndarray, amount: int) -> dict[str, Any]:
    """Precision in the first tenth of so many labels of one annotator, over DRAWS draws."""
    rows = []
    for draw in range(DRAWS):
        chosen, labels, wrong = _drawn(crowd, amount, draw)
        ways = (
            doubt_labels(vectors[chosen], labels, SEED).doubts,
            unseen_doubts(vectors[chosen], labels),
        )
        first = [np.argsort(-doubts, kind="stable")[: amount // 10] for doubts in ways]
        rows.append([wrong.mean(), *(wrong[top].mean() for top in first)])
    of = np.array(rows)
    mean = np.vstack(list(drawn_counts(DRAWS, SEED))) @ of / DRAWS
    figures = {"wrong": 0, CLEANLAB: 1, PLAIN: 2}
    found = {name: figure(to_interval(of[:, c].mean(), mean[:, c])) for name, c in figures.items()}
    better = figure(to_interval((of[:, 1] - of[:, 2]).mean(), mean[:, 1] - mean[:, 2]))
    return {"labels": amount, "draws": DRAWS, **found, "difference": better}


def of_few_trained(crowd: Labelled, vectors: np.ndarray, models: Path) -> dict[str, int]:
    """Wrong ones in the first tenths of FEW labels, by models trained on them and by cleanlab."""
    found = {"labels": FEW, "models": MODELS, "looked_at": MODELS * (FEW // 10)}
    found |= {TRAINED: 0, CLEANLAB: 0, "doubted": 0}
    for draw in range(MODELS):
        chosen, labels, wrong = _drawn(crowd, FEW, draw)
        texts = [crowd.texts[i] for i in chosen]
        trained = trained_doubts(texts, labels, models / f"{FEW}-{draw}")
        unseen = doubt_labels(vectors[chosen], labels, SEED).doubts
        found["doubted"] += int((trained > 0).sum())
        for way, doubts in ((TRAINED, trained), (CLEANLAB, unseen)):
            found[way] += int(wrong[np.argsort(-doubts, kind="stable")[: FEW // 10]].sum())
        say(str(found))
    return found


def _drawn(crowd: Labelled, amount: int, draw: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Positions of so many texts, what one of the annotators said of them, and what is wrong."""
    said = list(crowd.answers.values())
    given = said[draw % len(said)]
    chosen = np.random.default_rng(draw).permutation(len(given))[:amount]
    labels = [given[i] for i in chosen]
    return chosen, labels, np.array([given[i] != crowd.gold[i] for i in chosen])


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
        name: figure(to_interval(found[0, column], found[1:, column]))
        for column, name in enumerate(names)
    }


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
