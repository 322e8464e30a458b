"""What pulling 30,000 records costs: at first, without news, with 100 new answers, reconciling.

    make bench-ledger       (.venv/bin/python -m benchmarks.ledger)

Two annotators answered two thirds of the records, some with drafts and discards; two answers
complete a record, so that thousands are in work. Then each answers 50 more of their own choice.
Measured twice on the same data: with our launcher, and with Argilla's own command line.
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

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from benchmarks.ledger.load import Amounts, answer, bench_desk, load
from benchmarks.ledger.pulls import Cost, Puller
from benchmarks.results import about, save, say
from benchmarks.servers import OURS, STOCK, Server, fresh_home, server_of
from embedded.home import Home, read_json

RATIO_WANTED = 0.10
MIN_SUBMITTED = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Load, pull, print, write bench-results/ledger.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--answers", type=int, default=100, help="new ones before the third pull")
    options = parser.parse_args(arguments)
    begun = about()
    amounts = Amounts(options.records, options.records * 2 // 3, MIN_SUBMITTED)
    measured = {}
    with fresh_home() as home, tempfile.TemporaryDirectory(prefix="copydesk-bench-") as state:
        for name, launcher in (("ours", OURS), ("stock", STOCK)):
            with server_of(home, launcher) as server:
                client = connect(server.url, server.api_key)
                if name == "ours":
                    say(f"Loading {options.records:,} records")
                    load(client, bench_desk(state, MIN_SUBMITTED), _people(client), amounts)
                say(f"Pulling from the server of {launcher}")
                folder = str(Path(state) / name)
                measured[name] = _measure(server, client, home, folder, options.answers)
    save("ledger", begun, {**asdict(amounts), "new_answers": options.answers, "servers": measured})


def _measure(
    server: Server, client: rg.Argilla, home: Home, state: str, new_answers: int
) -> dict[str, Any]:
    desk = bench_desk(state, MIN_SUBMITTED)
    dataset = require_dataset(client, desk, NEWS)
    puller = Puller(server, client, dataset, desk)
    costs = [puller.pull("the first pull"), puller.pull("nothing new")]
    _answer_some(server, client, home, dataset, new_answers)
    costs.append(puller.pull(f"{new_answers} new answers"))
    costs.append(puller.pull("reconciling", full=True))
    progress = http(client).get(f"/api/v1/datasets/{dataset.id}/progress").json()
    ratio = _cpu(costs[2]) / _cpu(costs[3])
    say(f"  {new_answers} new answers cost {ratio:.3f} of a full pull in CPU")
    return {
        "costs": [asdict(cost) for cost in costs],
        "resolving": asdict(puller.resolve()),
        "completed": progress["completed"],
        "cpu_ratio": round(ratio, 4),
        "seconds_ratio": round(costs[2].seconds / costs[3].seconds, 4),
        "met": ratio < RATIO_WANTED,
    }


def _cpu(cost: Cost) -> float:
    return cost.server_cpu + cost.client_cpu


def _people(client: rg.Argilla) -> list[str]:
    users = http(client).get("/api/v1/users").json()["items"]
    return [user["id"] for user in users if user["role"] == "annotator"][:MIN_SUBMITTED]


def _answer_some(
    server: Server, client: rg.Argilla, home: Home, dataset: rg.Dataset, count: int
) -> None:
    """Each annotator answers as many records, drawn from those that nobody has answered."""
    rows = [row for row in list_rows(client, dataset, ("responses",)) if not row["responses"]]
    each = count // MIN_SUBMITTED
    accounts = [a for a in read_json(home.accounts).values() if a["role"] == "annotator"]
    for number, account in enumerate(accounts[:MIN_SUBMITTED]):
        headers = {"X-Argilla-Api-Key": account["api_key"]}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120) as person:
            answer(person, random.Random(number).sample(rows, each), "World")


if __name__ == "__main__":
    main()
