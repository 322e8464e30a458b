"""Logging records: our launcher against Argilla's own, with the same search engine, in one run.

    make bench-logging      (.venv/bin/python -m benchmarks.logging_speed --records 3000 --rounds 3)

Both servers run at once, each on a fresh home; only one works at a time, and they take turns
(A B A B …). Each turn logs the same stories into a fresh data set, in bulks of 500: by the REST
bulk address, and by the SDK's ``records.log``. CPU is that of the server process with its
children, from the first byte sent to the last answer; seconds are the client's wall clock.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import argilla as rg
import httpx

from benchmarks.datasets import BULK, Dataset, bulks, checked, connect, create_dataset, log_stories
from benchmarks.results import save, say
from benchmarks.servers import OURS, STOCK, Server, argilla_server
from benchmarks.stories import AGENT, Story, stories

METADATA = ("source", "words")
CLIENTS = ("REST", "SDK")
CPU_RATIO_AT_MOST, SPEED_RATIO_AT_LEAST = 1 / 6, 5.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One launcher logging all stories once; CPU in seconds per 1,000 records."""

    launcher: str
    client: str
    server_cpu: float
    client_cpu: float
    records_per_second: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write bench-results/logging.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    logged = [_with_two_metadata(story) for story in stories(options.records)]
    turns: list[Turn] = []
    with argilla_server(OURS) as ours, argilla_server(STOCK) as stock:
        servers = {"ours": ours, "stock": stock}
        for name, server in servers.items():
            _turn(name, server, "REST", logged[:BULK], "warm-up")
        for number in range(1, options.rounds + 1):
            for client in CLIENTS:
                for name, server in servers.items():
                    turns.append(_turn(name, server, client, logged, f"{client}-{number}"))
                    say(f"round {number} of {options.rounds}: {_line(turns[-1])}")
    measured = {
        "records": options.records,
        "rounds": options.rounds,
        "clients": {client: compare(turns, client) for client in CLIENTS},
        "turns": [asdict(turn) for turn in turns],
    }
    for client in CLIENTS:
        say(f"{client}: {measured['clients'][client]}")
    save("logging", measured)


def compare(turns: Sequence[Turn], client: str) -> dict[str, Any]:
    """Medians of both launchers over one client's turns, and their ratios."""
    found: dict[str, Any] = {}
    for launcher in ("ours", "stock"):
        own = [t for t in turns if t.launcher == launcher and t.client == client]
        for key in ("server_cpu", "client_cpu", "records_per_second"):
            value = statistics.median(getattr(turn, key) for turn in own)
            found[f"{launcher}_{key}"] = round(value, 3)
    found["cpu_ratio"] = round(found["ours_server_cpu"] / found["stock_server_cpu"], 4)
    found["speed_ratio"] = round(
        found["ours_records_per_second"] / found["stock_records_per_second"], 2
    )
    found["cpu_ratio_met"] = found["cpu_ratio"] <= CPU_RATIO_AT_MOST
    found["speed_ratio_met"] = found["speed_ratio"] >= SPEED_RATIO_AT_LEAST
    return found


def _turn(launcher: str, server: Server, client: str, logged: Sequence[Story], name: str) -> Turn:
    with connect(server.url, server.api_key) as http:
        dataset = create_dataset(http, name, METADATA)
        log = _rest(http, dataset, logged) if client == "REST" else _sdk(server, dataset, logged)
        server_before, client_before = server.cpu_seconds(), time.process_time()
        started = time.monotonic()
        log()
        seconds = time.monotonic() - started
        client_cpu = time.process_time() - client_before
        server_cpu = server.cpu_seconds() - server_before
        _require_all(http, dataset, len(logged))
    thousands = len(logged) / 1000
    return Turn(
        launcher, client, server_cpu / thousands, client_cpu / thousands, len(logged) / seconds
    )


def _rest(http: httpx.Client, dataset: Dataset, logged: Sequence[Story]) -> Callable[[], None]:
    def log() -> None:
        for batch in bulks(logged):
            log_stories(http, dataset, batch)

    return log


def _sdk(server: Server, dataset: Dataset, logged: Sequence[Story]) -> Callable[[], None]:
    client = rg.Argilla(api_url=server.url, api_key=server.api_key)
    target = client.datasets(name=dataset.name, workspace=client.workspaces[0].name)
    records = [_to_record(story) for story in logged]
    return lambda: target.records.log(records, batch_size=BULK)


def _to_record(story: Story) -> rg.Record:
    spans = [{"start": s.start, "end": s.end, "label": s.label} for s in story.spans]
    scores = [s.score for s in story.spans]
    return rg.Record(
        id=story.id,
        fields={"title": story.title, "text": story.text},
        metadata=story.metadata,
        suggestions=[
            rg.Suggestion("topic", story.topic, score=story.topic_score, agent=AGENT),
            rg.Suggestion("entities", spans, score=scores, agent=AGENT),
        ],
    )


def _with_two_metadata(story: Story) -> Story:
    return replace(story, metadata={name: story.metadata[name] for name in METADATA})


def _require_all(http: httpx.Client, dataset: Dataset, wanted: int) -> None:
    progress = checked(http.get(f"/api/v1/datasets/{dataset.id}/progress"))
    if progress["total"] != wanted:
        raise RuntimeError(f"{wanted} records were logged, {progress['total']} are there")


def _line(turn: Turn) -> str:
    return (
        f"{turn.launcher:5} {turn.client:4} {turn.server_cpu:6.2f} server CPU s and "
        f"{turn.client_cpu:5.2f} client CPU s per 1,000 records, "
        f"{turn.records_per_second:6.1f} records/s"
    )


if __name__ == "__main__":
    main()
