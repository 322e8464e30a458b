"""What pulling 30,000 records costs: at first, without news, with 100 new answers, reconciling.

    make bench-ledger       (.venv/bin/python -m benchmarks.ledger)

Two annotators answered two thirds of the records, some with drafts and discards. Then each answers
50 more of their own choice. Where one answer completes a record, few records are in work; where two
do, thousands are. The first is measured on Argilla's own command line, too, with the same data.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import argilla as rg
import httpx

from argilla_settings.changes import count_started
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from benchmarks.ledger.load import Amounts, answer, bench_desk, load
from benchmarks.ledger.pulls import Cost, Puller
from benchmarks.results import about, save, say
from benchmarks.servers import OURS, STOCK, Server, fresh_home, server_of
from corpus.desk import Desk
from embedded.home import Home, read_json

RATIO_WANTED = 0.10
ANNOTATORS = 2
# Launcher, answers that complete a record.
RUNS = ((OURS, 1), (OURS, 2), (STOCK, 1))


def main(arguments: Sequence[str] | None = None) -> None:
    """Load, pull, print, write bench-results/ledger.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--answers", type=int, default=100, help="new ones before the third pull")
    options = parser.parse_args(arguments)
    begun = about()
    amounts = Amounts(options.records, options.records * 2 // 3, ANNOTATORS)
    runs = []
    with fresh_home() as home, tempfile.TemporaryDirectory(prefix="copydesk-bench-") as state:
        for number, (launcher, min_submitted) in enumerate(RUNS):
            desk = bench_desk(str(Path(state) / str(number)), min_submitted)
            with server_of(home, launcher) as server:
                client = connect(server.url, server.api_key)
                if find_dataset(client, desk) is None:
                    say(f"Loading {options.records:,} records")
                    load(client, desk, _people(client), amounts)
                say(f"Pulling from {launcher}, {min_submitted} answers complete a record")
                measured = _measure(server, client, home, desk, options.answers)
            runs.append({"launcher": launcher, "min_submitted": min_submitted, **measured})
            # Each counts, also where a later one fails.
            save("ledger", begun, {**asdict(amounts), "new_answers": options.answers, "runs": runs})


def _measure(
    server: Server, client: rg.Argilla, home: Home, desk: Desk, new_answers: int
) -> dict[str, Any]:
    dataset = require_dataset(client, desk, NEWS)
    puller = Puller(server, client, dataset, desk)
    costs = [puller.pull("the first pull"), puller.pull("nothing new")]
    _answer_some(server, client, home, dataset, new_answers)
    costs.append(puller.pull(f"{new_answers} new answers"))
    costs.append(puller.pull("reconciling", full=True))
    started = count_started(client, dataset)
    ratio = _cpu(costs[2]) / _cpu(costs[3])
    say(f"  {new_answers} new answers cost {ratio:.3f} of a full pull in CPU")
    return {
        "costs": [asdict(cost) for cost in costs],
        "resolving": asdict(puller.resolve()),
        "in_work": started,
        "cpu_ratio": round(ratio, 4),
        "seconds_ratio": round(costs[2].seconds / costs[3].seconds, 4),
        "met": ratio < RATIO_WANTED,
    }


def _cpu(cost: Cost) -> float:
    return cost.server_cpu + cost.client_cpu


def _people(client: rg.Argilla) -> list[str]:
    users = http(client).get("/api/v1/users").json()["items"]
    return [user["id"] for user in users if user["role"] == "annotator"][:ANNOTATORS]


def _answer_some(
    server: Server, client: rg.Argilla, home: Home, dataset: rg.Dataset, count: int
) -> None:
    """Each annotator answers as many records, drawn from those that nobody has answered."""
    rows = [row for row in list_rows(client, dataset, ("responses",)) if not row["responses"]]
    each = count // ANNOTATORS
    accounts = [a for a in read_json(home.accounts).values() if a["role"] == "annotator"]
    for number, account in enumerate(accounts[:ANNOTATORS]):
        headers = {"X-Argilla-Api-Key": account["api_key"]}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120) as person:
            answer(person, random.Random(number).sample(rows, each), "World")


if __name__ == "__main__":
    main()
