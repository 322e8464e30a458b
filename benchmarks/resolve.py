"""What answers are worth: agreement of two crowds, and how right each rule is against gold.

    make bench-resolve DATA=folder    (.venv/bin/python -m benchmarks.resolve --data folder)

The folder holds crowd_agnews_topics.parquet (item_id, annotator, label, gold) and
crowd_btc_spans.parquet (item_id, question, annotator, spans, gold_spans): real answers of people.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import about, save, say
from corpus.errors import DeskError
from corpus.labelled.columns import FileForm
from corpus.votes.columns import VoteColumns
from corpus.votes.described import describe_agreement, describe_resolution
from corpus.votes.read import VoteFile, read_votes
from corpus.votes.report import REPORTS
from corpus.votes.rules import Policy, settle_choices, settle_sets

SEED = 13
CROWDS = {"crowd_agnews_topics": "gold", "crowd_btc_spans": "gold_spans"}
# Each alone is trusted where there are so few, else the one who answered most.
FEW = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args(arguments)
    begun = about()
    save("resolve", begun, {"crowds": {n: crowd(options.data, n) for n in CROWDS}})


def crowd(folder: Path, name: str) -> dict[str, Any]:
    """Agreement, and each rule against gold."""
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise DeskError(f"The benchmark needs {path}.", "Run make bench-resolve DATA=folder.")
    file = read_votes(path, VoteColumns(gold=CROWDS[name]), FileForm())
    report = REPORTS[file.kind](file.votes, SEED)
    agreement = describe_agreement(file, report, SEED)
    say(f"{name}: {agreement['answers']:,} answers")
    return {"agreement": agreement, "rules": [rule(file, p) for p in policies(file)]}


def policies(file: VoteFile[Any]) -> list[Policy]:
    """Of the rules those that need nobody else; nobody adjudicated these crowds."""
    often = Counter(vote.annotator for vote in file.votes).most_common()
    chosen = sorted(name for name, _ in (often if len(often) <= FEW else often[:1]))
    trusted = [Policy("trusted", frozenset({name})) for name in chosen]
    return [Policy("majority"), Policy("dawid-skene"), *trusted]


def rule(file: VoteFile[Any], policy: Policy) -> dict[str, Any]:
    """How right the rule is, and the CPU seconds that it took."""
    began = time.process_time()
    settle = settle_choices if file.kind == "topics" else settle_sets
    decided = settle(file.votes, policy)
    cpu = round(time.process_time() - began, 2)
    found = describe_resolution(file, policy, decided, SEED)
    say(f"{policy.rule}: {found['decided_by']}")
    return {**found, "trusted": sorted(policy.trusted), "cpu": cpu}


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
