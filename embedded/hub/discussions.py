"""Proposed changes and discussions: opened, listed and read. Nobody answers and nothing merges.

`upload_folder(create_pr=True)` opens a draft, asks for its details, and commits to its reference.
What git does not hold, titles and authors, lies beside it in the form that clients read.
"""

import html
import json
import uuid
from typing import Any

from dulwich.refs import Ref
from dulwich.repo import Repo
from starlette.responses import JSONResponse, Response

from embedded.hub.errors import HubError
from embedded.hub.git_read import read_branch
from embedded.hub.git_write import CommitText, create_proposal
from embedded.hub.names import PROPOSALS, RepoId
from embedded.hub.routing import Call
from embedded.hub.store import Store, time_text, write_json

TITLE_MAX_CHARACTERS, DESCRIPTION_MAX_CHARACTERS = 200, 65_536
PAGE_SIZE = 50


def open_discussion(call: Call) -> Response:
    repo_id, account = call.writable_repo()
    data, store = call.json(), call.hub.store
    title, is_proposal = str(data.get("title") or "").strip(), bool(data.get("pullRequest"))
    if not 3 <= len(title) <= TITLE_MAX_CHARACTERS:
        raise HubError(400, f"A title has 3 to {TITLE_MAX_CHARACTERS} characters, not {len(title)}")
    text = CommitText(title, str(data.get("description") or ""), account.name)
    with store.locked(repo_id), store.opened(repo_id) as repo:
        number = next_number(store, repo_id, repo)
        if is_proposal:
            create_proposal(repo, proposal_ref(number), read_branch(repo, "main").id)
        status = "draft" if is_proposal else "open"
        record(store, repo_id, number, text, status=status, isPullRequest=is_proposal)
    return JSONResponse({"num": number})


def list_discussions(call: Call) -> Response:
    """Newest first; drafts count as open. `p` is the page, from 0."""
    repo_id = call.readable_repo()
    query = call.request.query_params
    kind, status = query.get("type", "all"), query.get("status", "all")
    found = [
        item | {"repo": _repo_json(repo_id)}
        for item in reversed(_recorded(call.hub.store, repo_id))
        if kind in ("all", "pull_request" if item["isPullRequest"] else "discussion")
        # Nothing is ever closed here.
        and status in ("all", "open", item["status"])
        and query.get("author") in (None, item["author"]["name"])
    ]
    start = call.number("p", 0, len(found)) * PAGE_SIZE
    page = found[start : start + PAGE_SIZE]
    return JSONResponse({"discussions": page, "count": len(found), "start": start})


def discussion_details(call: Call) -> Response:
    repo_id = call.readable_repo()
    for item in _recorded(call.hub.store, repo_id):
        if str(item["num"]) == call.params["number"]:
            more = {"changes": {"base": "refs/heads/main"}, "filesWithConflicts": []}
            return JSONResponse(item | {"repo": _repo_json(repo_id)} | more)
    raise HubError(404, f"There is no discussion {call.params['number']} here", "EntryNotFound")


def proposal_ref(number: int) -> Ref:
    return Ref(f"{PROPOSALS}{number}".encode())


def next_number(store: Store, repo_id: RepoId, repo: Repo) -> int:
    """Proposed changes and discussions count together, from 1; callers hold the lock."""
    numbers = [int(name) for name in repo.refs.keys(base=Ref(PROPOSALS.encode()))]
    numbers += [item["num"] for item in _recorded(store, repo_id)]
    return max(numbers, default=0) + 1


def record(store: Store, repo_id: RepoId, number: int, text: CommitText, **more: object) -> None:
    """Adds it to those that are listed; callers hold the repository's lock.

    `more` replaces `status` and `isPullRequest` of a proposed change that is open.
    """
    by = {"author": {"name": text.author}, "createdAt": time_text()}
    raw = text.description[:DESCRIPTION_MAX_CHARACTERS]
    latest = {"raw": raw, "html": html.escape(raw), "updatedAt": by["createdAt"]}
    data = {"edited": False, "hidden": False, "history": [], "latest": latest}
    opening = {"id": uuid.uuid4().hex, "type": "comment", "data": data} | by
    item = {"num": number, "title": text.summary[:TITLE_MAX_CHARACTERS], "events": [opening]}
    item |= by | {"status": "open", "isPullRequest": True} | more
    write_json(store.folder(repo_id) / "discussions.json", [*_recorded(store, repo_id), item])


def _recorded(store: Store, repo_id: RepoId) -> list[dict[str, Any]]:
    """In the order in which they were opened."""
    file = store.folder(repo_id) / "discussions.json"
    found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return found


def _repo_json(repo_id: RepoId) -> dict[str, str]:
    return {"name": repo_id.full_name, "type": repo_id.kind.removesuffix("s")}
