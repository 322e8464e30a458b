"""How good suggestions are that come from nothing but names people marked before.

    make bench-gazetteer DATA=folder    (.venv/bin/python -m benchmarks.gazetteer --data folder)

The folder holds ner_news_small.parquet (text, spans, split: train, dev, test). So many sentences of
the train split are the gold, drawn anew for each seed; those of dev and test are the new articles.
Then the sample desk: its first batch's gold for its second batch. Last, 10,000 names in 10,000
articles.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

from benchmarks.results import about, save, say
from corpus.articles import ScoredSpan, Span
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.gazetteer import MINIMUM_PRECISION, Gazetteer, build_gazetteer
from corpus.intervals import Interval, ratio, resampled_totals, to_interval
from corpus.sources.read import read_articles

SIZES = (100, 300, 1000, 4000)
SEEDS = 5
# Upper ends of the groups that scores are shown in.
SCORES = (0.6, 0.7, 0.8, 0.9, 1.0)
MANY = 10_000
WORDS = 300

Marked = tuple[str, list[Span]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args(arguments)
    begun = about()
    gold, new = read_corpus(options.data)
    rows = []
    for minimum in (MINIMUM_PRECISION, 0.0):
        for size in SIZES:
            draws = [random.Random(seed).sample(gold, size) for seed in range(SEEDS)]
            rows.append(measure("ner_news_small", draws, new, minimum))
            say(str(rows[-1]))
    first, second = sample_batches()
    for minimum in (MINIMUM_PRECISION, 0.0):
        rows.append(measure("sample desk", [first], second, minimum))
        say(str(rows[-1]))
    measured = {"seeds": SEEDS, "rows": rows, "speed": speed()}
    save("gazetteer", begun, measured)


def read_corpus(folder: Path) -> tuple[list[Marked], list[Marked]]:
    """The sentences of train, and those of dev and test."""
    file = folder / "ner_news_small.parquet"
    if not file.is_file():
        raise DeskError(f"The benchmark needs {file}.", "Run make bench-gazetteer DATA=folder.")
    found: tuple[list[Marked], list[Marked]] = ([], [])
    for row in parquet.read_table(file, columns=["text", "spans", "split"]).to_pylist():
        spans = [Span(s["start"], s["end"], s["label"]) for s in row["spans"]]
        found[row["split"] != "train"].append((row["text"], spans))
    return found


def sample_batches() -> tuple[list[Marked], list[Marked]]:
    """The two batches of make demo with their own labels, without any reviewer's slips."""
    desk = read_desk("desk.yaml")
    articles = read_articles(desk.source, desk.labels).articles
    marked = [(a.text, list(a.spans or ())) for a in articles]
    half = -(-len(marked) // 2)
    return marked[:half], marked[half:]


def measure(
    corpus: str, draws: Sequence[Sequence[Marked]], new: Sequence[Marked], minimum: float
) -> dict[str, Any]:
    """Exact spans with type: the sums over the draws, with 95 % intervals over the articles."""
    gazetteers = [build_gazetteer(draw, minimum) for draw in draws]
    found = [[g.spans_of(text) for text, _ in new] for g in gazetteers]
    counts = np.sum([[counted(s, g) for s, (_, g) in zip(f, new, strict=True)] for f in found], 0)
    hits, said, real = resampled_totals(counts, seed=0).T
    figures = {
        "precision": ratio(hits, said),
        "recall": ratio(hits, real),
        "f1": ratio(2 * hits, said + real),
    }
    return {
        "corpus": corpus,
        "gold": len(draws[0]),
        "draws": len(draws),
        "new": len(new),
        "minimum": minimum,
        "names": round(float(np.mean([len(g.names) for g in gazetteers]))),
        **{name: _interval(to_interval(f[0], f[1:])) for name, f in figures.items()},
        "by_score": by_score(found, new),
    }


def counted(said: Sequence[ScoredSpan], gold: Sequence[Span]) -> tuple[int, int, int]:
    """Right suggestions, suggestions, spans of the gold."""
    return len({s.span() for s in said} & set(gold)), len(said), len(set(gold))


def by_score(
    found: Sequence[Sequence[Sequence[ScoredSpan]]], new: Sequence[Marked]
) -> list[dict[str, float]]:
    """In each group of scores: the number, the mean score, and the share that was right."""
    pairs = [
        (span.score, span.span() in gold)
        for of_draw in found
        for spans, (_, gold) in zip(of_draw, new, strict=True)
        for span in spans
    ]
    groups = []
    for low, high in zip((0.0, *SCORES), SCORES, strict=False):
        some = [pair for pair in pairs if low < pair[0] <= high]
        if some:
            score, right = np.mean(some, axis=0)
            groups.append(
                {"up_to": high, "n": len(some), "score": float(score), "right": float(right)}
            )
    return groups


def speed() -> dict[str, float]:
    """CPU seconds to build MANY names and to find them in MANY articles of WORDS words."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(2, 9))) for _ in range(20_000)]
    names = {
        " ".join(w.capitalize() for w in draw.choices(words, k=draw.choice((1, 2, 2, 3))))
        for _ in range(2 * MANY)
    }
    known = sorted(names)[:MANY]
    articles = [
        " ".join(draw.choice(known if draw.random() < 0.05 else words) for _ in range(WORDS))
        for _ in range(MANY)
    ]
    # Each name once, and none of its words unmarked.
    built = time.process_time()
    gazetteer = build_gazetteer([(name, [Span(0, len(name), "person")]) for name in known])
    found = {"build": time.process_time() - built, "names": len(gazetteer.names)}
    for kind, end in (("ascii", ""), ("other", " é")):
        found[kind] = _seconds(gazetteer, [text + end for text in articles])
    return {**found, "characters": sum(map(len, articles)) / MANY}


def _seconds(gazetteer: Gazetteer, articles: Sequence[str]) -> float:
    began = time.process_time()
    for text in articles:
        gazetteer.spans_of(text)
    return time.process_time() - began


def _interval(value: Interval) -> list[float]:
    return [round(part, 4) for part in (value.value, value.low, value.high)]


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
