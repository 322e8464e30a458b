"""A server that dies while logging: ``python -m …crash log CALL``, then ``… crash check``.

``log`` kills its own process with -9 when the engine is asked to index for the CALL-th time: the
records are committed and not indexed. ``check`` is the next start; it says what search finds.
"""

import json
import os
import signal
import sys
from typing import Any

from embedded.argilla.engine import SqliteSearchEngine
from tests.embedded.engine_properties.schema import Made, Schema, create
from tests.embedded.engine_properties.server import Server, read_database

BATCH = 5


def log(last_call: int) -> None:
    """Log and delete records until the end."""
    server = Server()
    made = create(server, Schema())
    calls = iter(range(1, last_call))
    index_records = SqliteSearchEngine.index_records

    async def index_or_die(self: Any, dataset: Any, records: Any) -> None:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        await index_records(self, dataset, records)

    SqliteSearchEngine.index_records = index_or_die
    number = 0
    while True:
        number += BATCH
        log_batch(server, made, number)


def log_batch(server: Server, made: Made, number: int) -> None:
    """New records, a change of one, a deletion of another."""
    base, s = f"datasets/{made.id}/records", made.schema
    words = [f"word{number + i}" for i in range(BATCH)]
    items = [{"fields": {s.text: f"all {w}"}, "vectors": {s.place: [1.0, 2.0]}} for w in words]
    made_now = server.call("POST", f"{base}/bulk", {"items": items})["items"]
    changed = {"id": made_now[0]["id"], "fields": {s.text: f"all changed{number}"}}
    server.call("PUT", f"{base}/bulk", {"items": [changed]})
    server.call("DELETE", f"{base}?ids={made_now[1]['id']}")


def check() -> None:
    """Print what every record's own word finds, and what a word of all of them finds."""
    server = Server()
    dataset = read_database("SELECT id FROM datasets ORDER BY inserted_at DESC LIMIT 1")[0]["id"]
    rows = read_database("SELECT id, fields FROM records WHERE dataset_id = ?", dataset)
    found = {}
    for row in rows:
        word = json.loads(row["fields"])["text"].split()[1]
        found[row["id"]] = search(server, dataset, {"text": {"q": word}})
    everything = search(server, dataset, {"text": {"q": "all"}})
    near = search(server, dataset, {"vector": {"name": "place", "value": [1.0, 2.0]}})
    vectors = read_database(
        "SELECT record_id FROM vectors WHERE record_id IN (SELECT id FROM records)"
    )
    answer = {"records": found, "all": everything, "near": near}
    answer["vectors"] = [row["record_id"] for row in vectors]
    sys.stdout.write("\n" + json.dumps(answer))


def search(server: Server, dataset: str, query: dict[str, Any]) -> list[str]:
    """Ids found, as the database writes them."""
    path = f"datasets/{dataset}/records/search?limit=1000"
    items = server.call("POST", path, {"query": query})["items"]
    return [item["record"]["id"].replace("-", "") for item in items]


if __name__ == "__main__":
    log(int(sys.argv[2])) if sys.argv[1] == "log" else check()
