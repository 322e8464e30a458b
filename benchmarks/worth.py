"""Does the law hold? Accuracy at four times the labels, told from the first quarter.

    make bench-worth DATA=folder    (.venv/bin/python -m benchmarks.worth --data folder)

The folder holds ag_news_small.parquet (id, text_clean, topic, split: train, dev, test). Each start
draws its examples anew; the model of four times as many is trained on them and as many more as it
takes, and scored on the test split. The curve is measured on the test split, too, or (harder, and
what a desk has) on a few hundred other articles.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import torch
from threadpoolctl import threadpool_limits

from benchmarks.results import about, save, say
from corpus.errors import DeskError
from training.examples import TopicExample
from training.worth.forecast import error_curves
from training.worth.measured import HITS, Measured
from training.worth.topics import METHOD, embed, measure_topics

STARTS = (48, 100, 250, 500, 1000)
TIMES = 4
SEEDS = 5
ENCODER, LENGTH_TOKENS = "offline", 128
OTHERS = 300


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--vectors", type=Path, help="keep the embeddings in this .npy file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    threadpool_limits(limits=1)
    begun = about()
    examples = read_examples(options.data)
    vectors = embeddings([e.text for e in examples], options.vectors)
    runs = []
    for start in STARTS:
        for seed in range(SEEDS):
            runs += forecasts(examples, vectors, start, seed)
            say(f"{start} → {TIMES * start}, seed {seed}: {runs[-2:]}")
    held = {"test articles": 1000, "others": OTHERS}
    measured = {"times": TIMES, "seeds": SEEDS, "method": METHOD, "held_out": held}
    save("worth", begun, {**measured, "rows": summary(runs)})


def read_examples(folder: Path) -> list[TopicExample]:
    """All rows of the corpus; its dev split is "validation" here."""
    file = folder / "ag_news_small.parquet"
    if not file.is_file():
        raise DeskError(f"The benchmark needs {file}.", "Run make bench-worth DATA=folder.")
    rows = parquet.read_table(file, columns=["id", "text_clean", "topic", "split"]).to_pylist()
    names: dict[str, Any] = {"dev": "validation"}
    return [
        TopicExample(r["id"], r["text_clean"], (r["topic"],), names.get(r["split"], r["split"]))
        for r in rows
    ]


def embeddings(texts: Sequence[str], file: Path | None) -> np.ndarray:
    """Of the frozen encoder; read from the file if they are of these very texts."""
    key = hashlib.sha256("\0".join((ENCODER, str(LENGTH_TOKENS), *texts)).encode()).hexdigest()[:16]
    kept = file and file.with_name(f"{file.stem}-{key}.npy")
    if kept and kept.exists():
        found: np.ndarray = np.load(kept)
        return found
    vectors = embed(texts, ENCODER, LENGTH_TOKENS)
    if kept:
        np.save(kept, vectors)
    return vectors


def forecasts(
    examples: Sequence[TopicExample], vectors: np.ndarray, start: int, seed: int
) -> list[dict[str, Any]]:
    """One run: what each way of looking ahead says of four times the examples, and what comes."""
    topics = sorted({e.topics[0] for e in examples})
    draw = np.random.default_rng(1000 * seed + start)
    train, dev, test = (
        np.array([i for i, e in enumerate(examples) if e.split == split])
        for split in ("train", "validation", "test")
    )
    pool = draw.permutation(train)[: TIMES * start]

    def curve(part: np.ndarray, asked: np.ndarray, repeats: int) -> Measured:
        chosen = [[examples[i] for i in ids] for ids in (part, asked)]
        both = vectors[part], vectors[asked]
        return measure_topics(chosen[0], chosen[1], topics, both, seed, repeats)

    true = accuracy(curve(pool, test, 1))
    found = []
    for name, asked in (("test articles", test), ("others", draw.permutation(dev)[:OTHERS])):
        began = time.process_time()
        measured = curve(pool[:start], asked, 8)
        curves = error_curves(measured, seed)
        told = curves.score_at(TIMES * start, seed)
        cpu = time.process_time() - began
        seen = 1 - curves.errors[0]
        slope = np.polyfit(np.log(measured.sizes), seen, 1)
        found.append(
            {
                "start": start,
                "measured_on": name,
                "true": true,
                "inside": told.low <= true <= told.high,
                "width": told.high - told.low,
                "law": abs(told.value - true),
                "stays": abs(seen[-1] - true),
                "log_linear": abs(float(np.polyval(slope, np.log(TIMES * start))) - true),
                "cpu": cpu,
            }
        )
    return found


def accuracy(measured: Measured) -> float:
    """With all examples."""
    return float(measured.counts[-1, 0, :, :, HITS].sum() / len(measured.ids))


def summary(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the seeds of a start; errors and widths in points."""
    rows = []
    for on in dict.fromkeys(run["measured_on"] for run in runs):
        for start in (*dict.fromkeys(run["start"] for run in runs), None):
            some = [r for r in runs if r["measured_on"] == on and start in (None, r["start"])]
            points = {
                name: round(100 * float(np.mean([r[name] for r in some])), 2)
                for name in ("true", "width", "law", "stays", "log_linear")
            }
            inside = sum(r["inside"] for r in some)
            cpu = round(float(np.mean([r["cpu"] for r in some])), 2)
            rows.append(
                {"start": start, "measured_on": on, "runs": len(some), "inside": inside}
                | points
                | {"cpu": cpu}
            )
    return rows


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
