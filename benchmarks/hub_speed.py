"""The embedded Hub: large files, many files, many writers, and its memory in each case.

    make bench-hub          (.venv/bin/python -m benchmarks.hub_speed --rounds 3)

Each case has a fresh Hub on an empty folder and real clients (huggingface_hub) in processes of
their own with an empty cache. In the same run the yardstick: the same file read, its SHA-256
taken, written again and synced by one process without HTTP. Peak memory is the kernel's
(VmHWM) for the server process at the end of a case.
"""

import argparse
import hashlib
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hub_clients import FILE
from benchmarks.hub_resume import resumed
from benchmarks.hub_server import HubServer, hub_server, result
from benchmarks.results import about, save, say

LARGE_BYTES = 200_000_000
SMALL_FILES, WRITERS, COMMITS = 1500, 8, 5
MEMORY_AT_MOST_MB = 200


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write bench-results/hub.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    begun = about()
    cases: dict[str, Callable[[HubServer], dict[str, Any]]] = {
        "LFS": lambda server: large_file(server, xet=False),
        "Xet": lambda server: large_file(server, xet=True),
        "LFS, killed half way": lambda server: resumed(server, LARGE_BYTES, xet=False),
        "Xet, killed half way": lambda server: resumed(server, LARGE_BYTES, xet=True),
        "small files": small_files,
        "writers": writers,
        "pages": pages,
    }
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in cases}
    for number in range(1, options.rounds + 1):
        for name, case in cases.items():
            with hub_server() as server:
                found = case(server) | {"peak_mb": server.peak_mb()}
            rounds[name].append(found)
            say(f"round {number} of {options.rounds}: {name}: {found}")
    save(
        "hub",
        begun,
        {
            "rounds": options.rounds,
            "large_mb": LARGE_BYTES // 1_000_000,
            "memory_at_most_mb": MEMORY_AT_MOST_MB,
            "cases": {name: summed(found) for name, found in rounds.items()},
        },
    )


def summed(found: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Medians of the rounds; of memory and of refused commits the greatest."""
    greatest = {"peak_mb", "refused", "lost"}
    return {
        key: round(max(values) if key in greatest else statistics.median(values), 3)
        for key in found[0]
        if (values := [one[key] for one in found])
    }


def large_file(server: HubServer, xet: bool) -> dict[str, Any]:
    """Upload and download in MB/s beside the yardstick; RuntimeError when other bytes come back."""
    path = server.folder / FILE
    path.write_bytes(os.urandom(LARGE_BYTES))
    digest, plain = yardstick(path)
    repo = server.create_repo("large")
    up = result(server.client("upload", repo, str(server.folder), xet=xet))
    down = result(server.client("download", repo, str(server.folder), xet=xet))
    if down["sha256"] != digest:
        raise RuntimeError(f"Other bytes came back: {down['sha256']}, not {digest}")
    megabytes = LARGE_BYTES / 1e6
    return {
        "yardstick_mb_s": megabytes / plain,
        "upload_mb_s": megabytes / up["seconds"],
        "download_mb_s": megabytes / down["seconds"],
        "upload_ratio": plain / up["seconds"],
        "download_ratio": plain / down["seconds"],
    }


def yardstick(path: Path) -> tuple[str, float]:
    """SHA-256 and the seconds to read, hash, write and sync the file once."""
    digest, started = hashlib.sha256(), time.monotonic()
    with path.open("rb") as source, path.with_suffix(".copy").open("wb") as target:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest(), time.monotonic() - started


def small_files(server: HubServer) -> dict[str, Any]:
    """One commit of many ordinary files; RuntimeError when some are missing."""
    repo = server.create_repo("many")
    found = result(server.client("small_files", repo, str(SMALL_FILES)))
    if found["files"] != SMALL_FILES + 1:
        raise RuntimeError(f"{found['files']} files are listed, not {SMALL_FILES + 1}")
    return {"seconds": found["seconds"], "list_seconds": found["list_seconds"]}


def writers(server: HubServer) -> dict[str, Any]:
    """Processes that commit at the same time, each with a parent check."""
    repo = server.create_repo("busy")
    names = [f"writer{number}" for number in range(WRITERS)]
    clients = [server.client("commits", repo, name, str(COMMITS)) for name in names]
    for client in clients:
        assert client.stdout is not None
        client.stdout.readline()
    started = time.monotonic()
    for client in clients:
        assert client.stdin is not None
        client.stdin.write("go\n")
        client.stdin.flush()
    refused = sum(result(client)["refused"] for client in clients)
    seconds = time.monotonic() - started
    wanted = {f"{name} {number}" for name in names for number in range(COMMITS)}
    with server.http() as http:
        titles = [item["title"] for item in http.get(f"/api/models/{repo}/commits/main").json()]
    lost = len(wanted) - len(wanted & set(titles)) + len(titles) - len(set(titles))
    return {"seconds": seconds, "refused": refused, "lost": lost}


def pages(server: HubServer) -> dict[str, Any]:
    """Looking at a data set of one large Parquet file: its card, its files, the file."""
    repo = server.create_repo("rows", "dataset")
    table = pa.table({"text": [os.urandom(1000).hex() for _ in range(LARGE_BYTES // 2000)]})
    pq.write_table(table, server.folder / FILE, compression=None, row_group_size=len(table))
    blob = _store(server, repo)
    seconds = []
    with server.http() as http:
        for path in ("", "/tree/main", f"/blob/main/{blob}", "/commits/main"):
            started = time.monotonic()
            page = http.get(f"/datasets/{repo}{path}", headers={"Accept": "text/html"})
            seconds.append(time.monotonic() - started)
            page.raise_for_status()
    return {"slowest_page_seconds": max(seconds)}


def _store(server: HubServer, repo: str) -> str:
    """Puts the file into the data set repository by LFS and a commit; returns its path there."""
    from huggingface_hub import HfApi, constants

    from benchmarks.hub_server import TOKEN

    constants.HF_HUB_DISABLE_XET = True
    path = "data/train-00000-of-00001.parquet"
    HfApi(endpoint=server.url, token=TOKEN).upload_file(
        path_or_fileobj=server.folder / FILE,
        path_in_repo=path,
        repo_id=repo,
        repo_type="dataset",
    )
    return path


if __name__ == "__main__":
    main()
