"""Topic models against SetFit's own trainer on AG News: accuracy and CPU seconds of training.

    make bench-topics DATA=folder    (.venv/bin/python -m benchmarks.topic_ladder --data folder)

The folder holds ag_news_small.parquet (id, text_clean, topic, split): examples come from its
training split, and all of its dev and test split score. For each seed and amount of gold SetFit
and we learn from the same examples, one after the other, each in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import about, save, say
from corpus.errors import DeskError

AMOUNTS = (8, 16, 64, 500)
# SetFit's trainer takes an hour for its pairs of 2,000 texts; there is a figure to reach instead.
WITHOUT_REFERENCE = 500
WANTED_ACCURACY, WANTED_SECONDS = 0.885, 250
SHARE_WANTED = 0.25


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write bench-results/topics.json after every training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--amounts", type=int, nargs="+", default=list(AMOUNTS))
    parser.add_argument("--test", type=int, default=2000, help="test rows, over all topics")
    parser.add_argument("--threads", type=int, default=1, help="of torch, for both sides")
    options = parser.parse_args(arguments)
    file = options.data / "ag_news_small.parquet"
    if not file.is_file():
        raise DeskError(f"The benchmark needs {file}.", "Run make bench-topics DATA=folder.")
    begun, runs = about(), list[dict[str, Any]]()
    for seed in range(options.seeds):
        for amount in options.amounts:
            for who in ("setfit", "ours"):
                if (who, amount) == ("setfit", WITHOUT_REFERENCE):
                    continue
                found = one(who, file, amount, seed, options.test, options.threads)
                say(f"seed {seed}: {found}")
                runs.append({"seed": seed, **found})
                measured = {"threads": options.threads, "test_rows": options.test, "runs": runs}
                save("topics", begun, measured | {"rows": summed(runs)})


def one(who: str, file: Path, amount: int, seed: int, test: int, threads: int) -> dict[str, Any]:
    """What one training gave; CalledProcessError where it failed."""
    command = [sys.executable, "-m", "benchmarks.topic_runs", who, str(file)]
    numbers = [str(number) for number in (amount, seed, test, threads)]
    env = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [*command, *numbers], stdout=subprocess.PIPE, text=True, check=True, env=env
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def summed(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an amount: means over the seeds that both sides have."""
    found = []
    for amount in dict.fromkeys(run["per_class"] for run in runs):
        sides = {
            who: [r for r in runs if r["who"] == who and r["per_class"] == amount]
            for who in ("ours", "setfit")
        }
        mine, theirs = sides["ours"], sides["setfit"]
        if not mine or (amount != WITHOUT_REFERENCE and not theirs):
            continue
        row = {"per_class": amount, "seeds": len(mine), "ours": means(mine)}
        row["rungs"] = sorted({r["rung"] for r in mine})
        if theirs:
            row["setfit"] = means(theirs)
            row["cpu_ratio"] = round(row["ours"]["cpu_seconds"] / row["setfit"]["cpu_seconds"], 3)
        row["met"] = met(row)
        found.append(row)
    return found


def means(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Means over seeds, and the spread of the accuracy."""
    accuracies = [run["accuracy"] for run in runs]
    return {
        "accuracy": round(statistics.mean(accuracies), 4),
        "accuracy_sd": round(statistics.stdev(accuracies), 4) if len(runs) > 1 else 0.0,
        "cpu_seconds": round(statistics.mean(run["cpu_seconds"] for run in runs), 1),
        "cpu_seconds_max": max(run["cpu_seconds"] for run in runs),
        "ece": round(statistics.mean(run["ece"] for run in runs), 3),
    }


def met(row: Mapping[str, Any]) -> dict[str, bool]:
    """Whether the accuracy and the CPU seconds that are wanted of this amount were reached."""
    mine, theirs = row["ours"], row.get("setfit")
    if theirs is None:
        fast = mine["cpu_seconds_max"] < WANTED_SECONDS
        return {"accuracy": mine["accuracy"] >= WANTED_ACCURACY, "cpu": fast}
    good = mine["accuracy"] >= theirs["accuracy"]
    return {"accuracy": good, "cpu": row["cpu_ratio"] <= SHARE_WANTED}


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
