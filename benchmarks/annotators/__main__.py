"""Twenty annotators at work while 5,000 records are logged; then again with kill -9.

    make bench-annotators   (.venv/bin/python -m benchmarks.annotators --seconds 120)

Each annotator is a thread with an account of its own that sends what the browser sends: a page of
ten pending records, an answer to each after some think time (seeded), the progress after every
answer. At the end every response the server holds is compared with what it acknowledged. In the
second shift the server process is killed with a bulk in it; annotators send again what got no
answer, and so does the client that logs: the records' ids make that harmless.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.annotators.check import Verdict, check
from benchmarks.annotators.shift import Plan, Shift, work
from benchmarks.datasets import bulks, connect, create_dataset, log_stories
from benchmarks.people import annotators, make_annotators
from benchmarks.results import save, say, spread
from benchmarks.stories import stories
from embedded.home import Home
from embedded.services import exports, start, stop

# Logged before the shift, so that nobody waits for the first bulk.
FIRST_RECORDS = 1000
MIN_SUBMITTED = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Both shifts; print, write bench-results/annotators.json; fail on a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotators", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--records", type=int, default=5000)
    options = parser.parse_args(arguments)
    for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as folder:
        home = Home(Path(folder) / "home")
        make_annotators(home, options.annotators)
        start(home, services=("argilla",))
        try:
            shifts = {
                name: shift(home, name, options.records, Plan(options.seconds, (0.5, 2.0), kill))
                for name, kill in (("undisturbed", False), ("server_killed", True))
            }
        finally:
            stop(home)
    measured = {"annotators": options.annotators, "seconds": options.seconds, "shifts": shifts}
    save("annotators", measured)
    faults = {name: found["faults"] for name, found in shifts.items() if found["faults"]}
    if faults:
        raise SystemExit(f"error: {faults}")


def shift(home: Home, name: str, records: int, plan: Plan) -> dict[str, Any]:
    """One shift on a data set of its own: what was done, how long it took, what is there."""
    found = exports(home)
    owner = (found["ARGILLA_API_URL"], found["ARGILLA_API_KEY"])
    clients = annotators(home, owner[0])
    with connect(*owner) as client:
        dataset = create_dataset(client, f"shift-{name}", min_submitted=MIN_SUBMITTED)
        for batch in bulks(list(stories(FIRST_RECORDS))):
            log_stories(client, dataset, batch)
        say(f"{name}: {len(clients)} annotators, {plan.seconds:.0f} s, {records:,} records")
        logged = list(stories(records, start=FIRST_RECORDS))
        done = work(home, owner, clients, dataset, logged, plan)
        verdict = check(client, dataset, done.people)
    measured = summary(done, verdict, FIRST_RECORDS + records)
    for key, value in measured.items():
        say(f"  {key}: {value}")
    return measured


def summary(done: Shift, verdict: Verdict, records: int) -> dict[str, Any]:
    """Figures of a shift; ``faults`` lists what must not be, in words."""
    people, logged = done.people, done.logged
    errors = [error for person in people for error in person.errors] + logged.errors
    faults = list(errors)
    if verdict.faults():
        faults.append(f"answers are not as acknowledged: {verdict}")
    if (verdict.records, verdict.searchable) != (records, records):
        faults.append(f"{records} records were logged: {verdict}")
    return {
        "answering_ms": spread([ms for person in people for ms in person.answer_ms]),
        "fetching_ms": spread([ms for person in people for ms in person.fetch_ms]),
        "records_logged": logged.records,
        "logging_seconds": round(logged.seconds, 1),
        "down_seconds": done.down_seconds,
        "requests_sent_again": sum(person.resent for person in people) + logged.resent,
        "answers_found_there": sum(person.found_there for person in people),
        **asdict(verdict),
        "faults": faults,
    }


if __name__ == "__main__":
    main()
