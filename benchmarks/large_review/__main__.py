"""What the UI asks of 100,000 records: latency, memory, disk, restart, and pictures.

    make bench-large        (.venv/bin/python -m benchmarks.large_review --pictures docs/images)

The embedded server loads made-up stories with a label and a span suggestion (scores), five
metadata values and, for the first ``--vectors`` of them, a vector of 384 numbers; three
annotators answer. Then one annotator, signed in as in the browser, sends the UI's own requests,
in turn. Nothing is cached between requests but by the server. ``--home`` keeps the data, and a
load that was interrupted goes on there.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.datasets import connect
from benchmarks.large_review.load import Amounts, load_answers, load_records, open_dataset
from benchmarks.large_review.measure import measure, memory_mb, seconds_to_restart
from benchmarks.large_review.pictures import take_pictures
from benchmarks.people import annotators, data_files
from benchmarks.results import save, say
from embedded.home import Home
from embedded.services import exports, start, stop


def main(arguments: Sequence[str] | None = None) -> None:
    """Load, measure, print, write bench-results/large_review.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--vectors", type=int, default=20_000)
    parser.add_argument("--answers", type=int, default=5_000)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--home", type=Path, help="where the data is kept (default: nowhere)")
    parser.add_argument("--pictures", type=Path, help="folder for screenshots of the UI")
    options = parser.parse_args(arguments)
    amounts = Amounts(options.records, options.vectors, options.answers)
    with home_of(options.home) as home:
        url = start(home, services=("argilla",))["ARGILLA_API_URL"]
        try:
            measured = _measure(home, url, amounts, options.repetitions)
            if options.pictures:
                take_pictures(home, url, measured["dataset_id"], options.pictures)
        finally:
            stop(home)
    save("large_review", measured)


@contextmanager
def home_of(folder: Path | None) -> Iterator[Home]:
    """A home in this folder, or a temporary one; the environment's own services are not used."""
    for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
        os.environ.pop(name, None)
    if folder:
        yield Home(folder.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as temporary:
        yield Home(Path(temporary) / "home")


def _measure(home: Home, url: str, amounts: Amounts, repetitions: int) -> dict[str, Any]:
    with connect(url, exports(home)["ARGILLA_API_KEY"]) as owner:
        dataset = open_dataset(owner)
        say(f"Loading {amounts.records:,} records")
        loaded = load_records(owner, dataset, amounts)
    people = annotators(home, url)
    load_answers(list(people.values())[:3], dataset, amounts)
    after_load = memory_mb(home)
    say("Asking what the UI asks")
    rows = measure(next(iter(people.values())), dataset, home, repetitions)
    after = memory_mb(home)
    files = data_files(home)
    say(f"Memory {after} MB, files {files} MB; killing the server")
    restart = seconds_to_restart(home)
    say(f"It answers again after {restart} s")
    return {
        **asdict(amounts),
        "dataset_id": dataset.id,
        "loaded_now": loaded.records,
        "load_seconds": round(loaded.seconds),
        "repetitions": repetitions,
        "memory_mb_after_load": after_load,
        "memory_mb": after,
        "files_mb": files,
        "restart_seconds": restart,
        "questions": rows,
    }


if __name__ == "__main__":
    main()
