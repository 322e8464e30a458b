"""The few calls to Argilla's API that tests of accounts and secrets need."""

from typing import Any

import httpx


def client(url: str, key: str) -> httpx.Client:
    """A client that signs in by API key."""
    return httpx.Client(base_url=url, headers={"X-Argilla-Api-Key": key}, timeout=60)


def sign_in(url: str, username: str, password: str) -> httpx.Response:
    """What the UI's sign-in page does."""
    form = {"username": username, "password": password}
    return httpx.post(f"{url}/api/v1/token", data=form, timeout=60)


def session_status(url: str, token: str) -> int:
    """200 while the UI's session is valid."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/api/v1/me", headers=headers, timeout=60).status_code


def key_status(url: str, key: str) -> int:
    """200 while the API key is valid."""
    with client(url, key) as http:
        return http.get("/api/v1/me").status_code


def make_dataset(owner: httpx.Client, workspace: str, name: str, texts: list[str]) -> str:
    """A published data set with a label question, one answer a record; returns its id."""
    places = {w["name"]: w["id"] for w in _json(owner.get("/api/v1/me/workspaces"))["items"]}
    body: dict[str, Any] = {"name": name, "workspace_id": places[workspace]}
    body["distribution"] = {"strategy": "overlap", "min_submitted": 1}
    address = f"/api/v1/datasets/{_json(owner.post('/api/v1/datasets', json=body))['id']}"
    field = {"name": "text", "title": "Text", "required": True, "settings": {"type": "text"}}
    _json(owner.post(f"{address}/fields", json=field))
    labels = [{"value": v, "text": v} for v in ("yes", "no")]
    question = {"name": "label", "title": "Label", "required": True}
    question_settings = {"type": "label_selection", "options": labels}
    _json(owner.post(f"{address}/questions", json={**question, "settings": question_settings}))
    _json(owner.put(f"{address}/publish"))
    items = [{"fields": {"text": text}} for text in texts]
    _json(owner.post(f"{address}/records/bulk", json={"items": items}))
    return address.rpartition("/")[2]


def records(http: httpx.Client, dataset_id: str) -> list[dict[str, Any]]:
    """The records with answers, as an owner or admin sees them."""
    address = f"/api/v1/datasets/{dataset_id}/records"
    found: list[dict[str, Any]] = _json(http.get(address, params={"include": "responses"}))["items"]
    return found


def answer(http: httpx.Client, record_id: str, label: str) -> None:
    """Submit an answer."""
    body = {"values": {"label": {"value": label}}, "status": "submitted"}
    _json(http.post(f"/api/v1/records/{record_id}/responses", json=body))


def dataset_ids(http: httpx.Client) -> list[str]:
    """The data sets this user is shown."""
    return [d["id"] for d in _json(http.get("/api/v1/me/datasets"))["items"]]


def _json(response: httpx.Response) -> Any:
    assert response.is_success, response.text
    return response.json() if response.content else None
