"""How many answers each order of review needs to reach what random order reaches.

    make bench-order DATA=folder    (.venv/bin/python -m benchmarks.review_order --data folder)

The folder holds ag_news_small.parquet and ner_news_small.parquet. Reviewers are simulated. The
encoder reads every article once; COPYDESK_HOME/embeddings keeps what it said for the next run.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.results import about, save, say
from benchmarks.review_order.entities import entity_corpus
from benchmarks.review_order.needed import compare, score_curves
from benchmarks.review_order.picture import draw_orders
from benchmarks.review_order.simulate import NOISE, Corpus, Order, review
from benchmarks.review_order.topics import topic_corpus
from corpus.errors import DeskError
from corpus.settings.order import STRATEGIES

SEEDS, MOST, MARKS = 5, 1000, (400, 800)


def orders(formula: str, others: Sequence[str]) -> tuple[Order, ...]:
    """The desk's four, with its formula, and plain uncertainty by other formulas."""
    own = tuple(Order(name, shares, formula) for name, shares in STRATEGIES.items())
    plain = STRATEGIES["uncertainty"]
    return own + tuple(Order(f"uncertainty ({other})", plain, other) for other in others)


TOPIC_ORDERS = orders("least confidence", ["margin"])
ENTITY_ORDERS = orders("expected wrong spans", ["mean token entropy", "total token entropy"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--pictures", type=Path, help="draw the curves into this folder")
    options = parser.parse_args(arguments)
    for name in ("ag_news_small", "ner_news_small"):
        if not (options.data / f"{name}.parquet").is_file():
            raise DeskError(
                f"The benchmark needs {options.data / name}.parquet.",
                "Run make bench-order DATA=folder.",
            )
    torch.set_num_threads(1)
    threadpool_limits(limits=1)
    begun = about()
    topics = topic_corpus(options.data, TOPIC_ORDERS, pool_size=3000, step=50)
    entities = entity_corpus(options.data, ENTITY_ORDERS, pool_size=2000, step=100)
    found = [measure(corpus) for corpus in (topics, entities)]
    facts = {"seeds": SEEDS, "most": MOST, "noise": NOISE}
    save("order", begun, {**facts, "corpora": found})
    if options.pictures:
        draw_orders(found, options.pictures / "order.png")


def measure(corpus: Corpus) -> dict[str, Any]:
    """All orders and seeds of one corpus."""
    runs = {
        order.name: [review(corpus, order, MOST, seed) for seed in range(SEEDS)]
        for order in corpus.orders
    }
    at = np.arange(corpus.step, MOST + 1, corpus.step)
    rows = compare(runs, at, MARKS)
    for row in rows:
        say(f"{corpus.name}: {row}")
    curves = {
        name: {
            "value": [round(float(v), 4) for v in curve[0]],
            "low": [round(float(v), 4) for v in np.percentile(curve[1:], 2.5, axis=0)],
            "high": [round(float(v), 4) for v in np.percentile(curve[1:], 97.5, axis=0)],
        }
        for name, curve in score_curves(runs).items()
    }
    return {
        "corpus": corpus.name,
        "score": corpus.score,
        "test": int(runs["random"][0].counts.shape[1]),
        "pool": corpus.pool,
        "step": corpus.step,
        "answers": at.tolist(),
        "rows": rows,
        "curves": curves,
        "cpu_seconds": {
            name: round(sum(run.cpu_seconds for run in found) / len(found), 1)
            for name, found in runs.items()
        },
    }


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
