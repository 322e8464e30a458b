"""An Argilla data set for stories, made and filled over REST."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.stories import ENTITIES, TOPICS, Story, to_rest

BULK = 500
METADATA = {
    "source": {"type": "terms"},
    "words": {"type": "integer"},
    "uncertainty": {"type": "float"},
    "desk": {"type": "terms"},
    "year": {"type": "integer"},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "topic": {
        "type": "label_selection",
        "options": [{"value": label, "text": label} for label in TOPICS],
    },
    "entities": {
        "type": "span",
        "field": "text",
        "options": [{"value": label, "text": label} for label in ENTITIES],
        "allow_overlapping": False,
    },
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published data set; ``questions`` is name → id."""

    id: str
    name: str
    workspace_id: str
    questions: dict[str, str]


def connect(url: str, api_key: str) -> httpx.Client:
    """A client of Argilla's REST API as this account."""
    return httpx.Client(
        base_url=url, headers={"X-Argilla-Api-Key": api_key}, timeout=httpx.Timeout(300)
    )


def create_dataset(
    client: httpx.Client,
    name: str,
    metadata: Sequence[str] = tuple(METADATA),
    vector_size: int = 0,
    min_submitted: int = 1,
) -> Dataset:
    """Make and publish a data set with these metadata properties in the first workspace."""
    workspace = checked(client.get("/api/v1/me/workspaces"))["items"][0]["id"]
    made = _post(
        client,
        "/api/v1/datasets",
        {
            "name": name,
            "workspace_id": workspace,
            "guidelines": "Choose the topic, then mark every name.",
            "distribution": {"strategy": "overlap", "min_submitted": min_submitted},
        },
    )
    address = f"/api/v1/datasets/{made['id']}"
    for field, title in (("title", "Title"), ("text", "Article")):
        settings = {"type": "text", "use_markdown": False}
        body = {"name": field, "title": title, "required": True, "settings": settings}
        _post(client, f"{address}/fields", body)
    questions = {}
    for question, settings in QUESTIONS.items():
        body = {"name": question, "title": question.capitalize(), "settings": settings}
        # As Copydesk's desks have it: an article without entities is submitted as it is.
        body["required"] = question == "topic"
        questions[question] = _post(client, f"{address}/questions", body)["id"]
    for prop in metadata:
        body = {"name": prop, "title": prop.capitalize(), "settings": METADATA[prop]}
        _post(client, f"{address}/metadata-properties", body)
    if vector_size:
        body = {"name": "embedding", "title": "Embedding", "dimensions": vector_size}
        _post(client, f"{address}/vectors-settings", body)
    checked(client.put(f"{address}/publish"))
    return Dataset(made["id"], name, workspace, questions)


def log_stories(client: httpx.Client, dataset: Dataset, batch: Sequence[Story]) -> int:
    """Upsert one bulk of at most 500 stories, as the SDK does; returns how many the server took."""
    items = [to_rest(story, dataset.questions) for story in batch]
    body = {"items": items}
    answer = client.put(f"/api/v1/datasets/{dataset.id}/records/bulk", json=body)
    return len(checked(answer)["items"])


def bulks(stories: Sequence[Story], size: int = BULK) -> Iterator[Sequence[Story]]:
    """The stories in runs of at most ``size``."""
    for start in range(0, len(stories), size):
        yield stories[start : start + size]


def checked(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer; an error shows what the server said."""
    if answer.is_error:
        message = f"{answer.request.url.path} answers {answer.status_code}: {answer.text[:300]}"
        raise httpx.HTTPStatusError(message, request=answer.request, response=answer)
    found: dict[str, Any] = answer.json()
    return found


def _post(client: httpx.Client, address: str, body: dict[str, Any]) -> dict[str, Any]:
    return checked(client.post(address, json=body))
