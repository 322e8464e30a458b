"""Trees, paths, history and references of one repository."""

import html
from typing import Any

from dulwich.objects import Commit
from starlette.responses import JSONResponse, Response

from embedded.hub.errors import HubError
from embedded.hub.git_read import (
    commit_author,
    commit_description,
    commit_time,
    commit_title,
    find_entry,
    history,
    read_branch,
    read_folder,
    read_revision,
    references,
)
from embedded.hub.git_write import (
    CommitText,
    create_branch,
    create_tag,
    delete_ref,
    squash_branch,
)
from embedded.hub.names import PROPOSALS, check_ref_name, head_ref
from embedded.hub.repo_api import paged
from embedded.hub.routing import Call
from embedded.hub.summaries import tree_json

TREE_PAGE, EXPANDED_PAGE, COMMITS_PAGE = 1000, 50, 50


def list_tree(call: Call) -> Response:
    repo_id, expand = call.readable_repo(), call.flag("expand")
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, call.params["revision"])
        path = call.params.get("path", "").strip("/")
        entries = read_folder(repo, commit, path, call.flag("recursive"))
        size = EXPANDED_PAGE if expand else TREE_PAGE
        return paged(call, entries, size, lambda page: tree_json(repo, commit, page, expand))


def paths_info(call: Call) -> Response:
    """Entries of the asked paths; unknown paths are left out, as on the Hub."""
    repo_id = call.readable_repo()
    form = call.form()
    expand = form.get("expand", ["false"])[0].lower() in ("1", "true")
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, call.params["revision"])
        paths = [path.strip("/") for path in form.get("paths", [])]
        found = [entry for path in paths if path and (entry := find_entry(repo, commit, path))]
        return JSONResponse(tree_json(repo, commit, found, expand))


def list_commits(call: Call) -> Response:
    repo_id = call.readable_repo()
    with call.hub.store.opened(repo_id) as repo:
        commits = list(history(repo, read_revision(repo, call.params["revision"])))
    formatted = "formatted" in call.request.query_params.getlist("expand[]")
    return paged(
        call, commits, COMMITS_PAGE, lambda page: [_commit_json(item, formatted) for item in page]
    )


def list_refs(call: Call) -> Response:
    repo_id = call.readable_repo()
    with call.hub.store.opened(repo_id) as repo:
        answer: dict[str, Any] = {
            "branches": _refs_json("refs/heads/", references(repo, "refs/heads/")),
            "tags": _refs_json("refs/tags/", references(repo, "refs/tags/")),
            "converts": [],
        }
        if call.flag("include_prs"):
            answer["pullRequests"] = _refs_json(PROPOSALS, references(repo, PROPOSALS))
    return JSONResponse(answer)


def add_branch(call: Call) -> Response:
    repo_id, _ = call.writable_repo()
    data, name = call.json(), call.params["revision"]
    check_ref_name(name, "refs/heads/")
    with call.hub.store.locked(repo_id), call.hub.store.opened(repo_id) as repo:
        start = read_revision(repo, str(data.get("startingPoint") or "main"))
        create_branch(repo, name, start.id, bool(data.get("overwrite")))
    return JSONResponse({}, status_code=201)


def remove_branch(call: Call) -> Response:
    return _remove(call, "refs/heads/")


def add_tag(call: Call) -> Response:
    repo_id, account = call.writable_repo()
    data = call.json()
    if not isinstance(data.get("tag"), str):
        raise HubError(400, "The name of the tag is missing: send it as 'tag'")
    text = CommitText(str(data.get("message") or ""), "", account.name)
    with call.hub.store.locked(repo_id), call.hub.store.opened(repo_id) as repo:
        target = read_revision(repo, call.params["revision"])
        create_tag(repo, data["tag"], target.id, text)
    return JSONResponse({})


def remove_tag(call: Call) -> Response:
    return _remove(call, "refs/tags/")


def super_squash(call: Call) -> Response:
    repo_id, account = call.writable_repo()
    branch = call.params["revision"]
    message = str(call.json().get("message") or f"Super-squash branch '{branch}'")
    with call.hub.store.locked(repo_id), call.hub.store.opened(repo_id) as repo:
        head = read_branch(repo, branch)
        text = CommitText(message, "", account.name)
        sha = squash_branch(repo, head_ref(branch), head.id, text)
    return JSONResponse({"commitId": sha.decode()})


def _remove(call: Call, prefix: str) -> Response:
    repo_id, _ = call.writable_repo()
    with call.hub.store.locked(repo_id), call.hub.store.opened(repo_id) as repo:
        delete_ref(repo, call.params["revision"], prefix)
    return Response()


def _commit_json(commit: Commit, formatted: bool) -> dict[str, Any]:
    title, message = commit_title(commit), commit_description(commit)
    data: dict[str, Any] = {
        "id": commit.id.decode(),
        "title": title,
        "message": message,
        "authors": [{"user": commit_author(commit)}],
        "date": commit_time(commit),
    }
    if formatted:
        data["formatted"] = {"title": html.escape(title), "message": html.escape(message)}
    return data


def _refs_json(prefix: str, refs: list[tuple[str, Commit]]) -> list[dict[str, str]]:
    return [
        {"name": name, "ref": f"{prefix}{name}", "targetCommit": commit.id.decode()}
        for name, commit in refs
    ]
