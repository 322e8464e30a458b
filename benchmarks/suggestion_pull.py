"""How often the interval of the pull covers the pull that was put in, on made-up reviews.

    make bench-suggestions         (.venv/bin/python -m benchmarks.suggestion_pull --seeds 200)

Nothing but simulation: it shows that the estimate finds what is there, not what people do.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.pulled_review import MadeUpReview, Round, make_review
from benchmarks.results import about, save, say
from corpus.suggestions.acceptance import wilson
from corpus.suggestions.cases import Case, missed_cases, span_cases, topic_cases
from corpus.suggestions.pull import Kind, Pull, estimate_pull

PULLS = (0.1, 0.3, 0.6)
BLIND_SHARES = (0.15, 0.3)
ROUNDS = (Round(200, 0.65, "model:1"), Round(200, 0.8, "model:2"))
QUESTIONS: tuple[tuple[str, Kind], ...] = (
    ("topics", "kept"),
    ("suggested spans", "kept"),
    ("spans not suggested", "missed"),
)


def main() -> None:
    """Measure, print, write bench-results/suggestion_pull.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    seeds, begun = parser.parse_args().seeds, about()
    started, rows = time.process_time(), []
    for blind_share in BLIND_SHARES:
        for pull in PULLS:
            rows += measure(pull, blind_share, range(seeds))
            for row in rows[-len(QUESTIONS) :]:
                say(f"{row}")
    articles = sum(part.articles for part in ROUNDS)
    facts = {"seeds": seeds, "articles": articles, "reviewers": 3}
    cpu = round(time.process_time() - started, 1)
    save("suggestion_pull", begun, {**facts, "cpu_seconds": cpu, "rows": rows})


def measure(pull: float, blind_share: float, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each question, over all seeds."""
    found: dict[str, list[Pull]] = {name: [] for name, _ in QUESTIONS}
    for seed in seeds:
        review = make_review(pull, ROUNDS, seed, blind_share)
        for name, kind in QUESTIONS:
            found[name].append(estimate_pull(cases(review, name), kind, seed))
    return [
        {"blind_share": blind_share, "pull": pull, "question": name} | summary(pull, estimates)
        for name, estimates in found.items()
    ]


def cases(review: MadeUpReview, question: str) -> list[Case]:
    """What the review says about this question."""
    find = {"topics": topic_cases, "suggested spans": span_cases}.get(question, missed_cases)
    return find(review.entries, review.hidden)


def summary(pull: float, estimates: Sequence[Pull]) -> dict[str, Any]:
    """How often it was covered, with Wilson's interval; mean width and mean error."""
    told = [found.interval for found in estimates if found.interval is not None]
    inside = sum(i.low <= pull <= i.high for i in told)
    low, high = wilson(inside, len(told)) if told else (0.0, 1.0)
    return {
        "runs": len(estimates),
        "told": len(told),
        "inside": inside,
        "covered": {"value": inside / max(1, len(told)), "low": low, "high": high},
        "width": float(np.mean([i.high - i.low for i in told])),
        "error": float(np.mean([i.value - pull for i in told])),
    }


if __name__ == "__main__":
    main()
