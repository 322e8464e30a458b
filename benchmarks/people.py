"""Annotators over REST: signed in as in the browser, answering mostly as suggested."""

import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks.datasets import checked
from benchmarks.stories import TOPICS
from embedded.errors import ServiceError
from embedded.home import Home, read_json
from embedded.programs import PROJECT, argilla_environment, argilla_python
from embedded.services import WORKSPACE

RESPONSES_BULK = 100


def sign_in(url: str, username: str, password: str) -> httpx.Client:
    """A client with the bearer token that the browser gets for this name and password."""
    with httpx.Client(base_url=url, timeout=60) as client:
        form = {"username": username, "password": password}
        token = checked(client.post("/api/v1/token", data=form))["access_token"]
    return httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(120)
    )


def make_annotators(home: Home, count: int) -> None:
    """Accounts for so many annotators in a home whose services do not run yet."""
    home.prepare()
    command = [str(argilla_python()), "-m", "embedded.argilla", "accounts"]
    command += ["--credentials", str(home.accounts), "--workspace", WORKSPACE]
    command += ["--annotators", str(count)]
    environment = {**os.environ, **argilla_environment(home)}
    made = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, umask=0o077
    )
    if made.returncode:
        last = (made.stderr or made.stdout or "no message").strip().splitlines()[-1]
        raise ServiceError(f"No accounts were made: {last}", "Run make setup, then this again.")


def annotators(home: Home, url: str) -> dict[str, httpx.Client]:
    """A signed-in client for each annotator account of the home, by name."""
    accounts = read_json(home.accounts).values()
    people = [account for account in accounts if account["role"] == "annotator"]
    return {p["username"]: sign_in(url, p["username"], p["password"]) for p in people}


def answer_values(record: dict[str, Any], topic_id: str, draw: random.Random) -> dict[str, Any]:
    """Values as the UI posts them: mostly the suggested topic, sometimes another one."""
    suggested = {s["question_id"]: s["value"] for s in record.get("suggestions") or []}
    topic = suggested.get(topic_id, TOPICS[0])
    if draw.random() < 0.2:
        topic = draw.choice(TOPICS)
    spans: list[Any] = next((v for key, v in suggested.items() if key != topic_id), [])
    return {"topic": {"value": topic}, "entities": {"value": spans}}


def submit_many(client: httpx.Client, answers: Sequence[dict[str, Any]]) -> None:
    """Send answers in bulks of 100; every one must be taken."""
    for start in range(0, len(answers), RESPONSES_BULK):
        body = {"items": list(answers[start : start + RESPONSES_BULK])}
        taken = checked(client.post("/api/v1/me/responses/bulk", json=body))["items"]
        refused = [item["error"] for item in taken if item.get("error")]
        if refused:
            raise RuntimeError(f"{len(refused)} answers were refused, the first: {refused[0]}")


def data_files(home: Home) -> dict[str, float]:
    """Size in MB of every file of the databases of the home's Argilla, by name."""
    folder: Path = home.root / "argilla"
    return {f.name: round(f.stat().st_size / 1e6, 1) for f in sorted(folder.glob("*.db*"))}
