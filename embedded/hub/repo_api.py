"""Repositories as a whole: create, delete, move, settings, list, info, access, card check."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import JSONResponse, PlainTextResponse, Response

from embedded.hub.accounts import require_account, require_write
from embedded.hub.card import parse_card
from embedded.hub.errors import HubError
from embedded.hub.git_read import read_revision
from embedded.hub.names import KINDS, RepoId, parse_repo_id
from embedded.hub.routing import Call
from embedded.hub.summaries import siblings, summary

PAGE_SIZE = 1000
T = TypeVar("T")
_SORT_KEYS = {"lastModified", "createdAt"}


def create_repo(call: Call) -> Response:
    """Answers 409 with the address when the repository exists: clients read `url` from both."""
    data = call.json()
    repo_id = _repo_of(call, data)
    account = require_write(call.account, repo_id)
    private = bool(data.get("private")) or data.get("visibility") == "private"
    answer = {
        "url": call.base_url + repo_id.url_path,
        "name": repo_id.full_name,
        "id": repo_id.full_name,
    }
    try:
        call.hub.store.create(repo_id, account.name, private, _first_card(repo_id, data))
    except HubError as error:
        if error.status != 409:
            raise
        return JSONResponse(answer | {"error": error.message}, status_code=409)
    return JSONResponse(answer)


def delete_repo(call: Call) -> Response:
    repo_id = call.check_readable(_repo_of(call, call.json()))
    require_write(call.account, repo_id)
    call.hub.store.delete(repo_id)
    return Response()


def move_repo(call: Call) -> Response:
    data = call.json()
    kind = f"{data.get('type') or 'model'}s"
    source = call.check_readable(_split(kind, data.get("fromRepo")))
    target = _split(kind, data.get("toRepo"))
    require_write(call.account, source)
    require_write(call.account, target)
    call.hub.store.move(source, target)
    return JSONResponse({"url": call.base_url + target.url_path})


def change_settings(call: Call) -> Response:
    repo_id, _ = call.writable_repo()
    data = call.json()
    if data.get("gated"):
        raise HubError(400, "Gated repositories are not served here: use visibility 'private'")
    visibility = data.get("visibility")
    if visibility is None and "private" in data:
        visibility = "private" if data["private"] else "public"
    if visibility not in ("public", "private", None):
        raise HubError(400, f"Visibility {visibility!r} is unknown: use 'public' or 'private'")
    if visibility is not None:
        call.hub.store.change_visibility(repo_id, visibility == "private")
    return JSONResponse({"private": call.hub.store.settings(repo_id).private})


def list_repos(call: Call) -> Response:
    """Filtered by `author`, `search`, `filter`, `pipeline_tag`; pages follow in the Link header."""
    query = call.request.query_params
    items = [
        summary(call.hub.store, repo_id)
        for repo_id in call.hub.store.repo_ids(call.params["kind"])
        if _matches_name(repo_id, query.get("author"), query.get("search"))
        and call.can_see(repo_id)
    ]
    wanted = set(query.getlist("filter")) | set(query.getlist("pipeline_tag"))
    items = [item for item in items if wanted <= set(item["tags"])]
    key = query.get("sort", "lastModified")
    if key in _SORT_KEYS:
        items.sort(key=lambda item: str(item[key]), reverse=query.get("direction", "-1") == "-1")
    return paged(call, items, PAGE_SIZE, lambda page: [_listed(call, item) for item in page])


def repo_info(call: Call) -> Response:
    repo_id = call.readable_repo()
    data = summary(call.hub.store, repo_id, call.params.get("revision", "main"))
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, data["sha"])
        data["siblings"] = siblings(repo, commit, call.flag("blobs"))
        data["usedStorage"] = sum(item["size"] for item in siblings(repo, commit, True))
    return JSONResponse(_only(call, data))


def list_own_repos(call: Call) -> Response:
    """All repositories of the account, or of one organisation, with their size in bytes."""
    account = require_account(call.account)
    namespace = call.params.get("namespace", account.name)
    if not account.belongs_to(namespace):
        raise HubError(403, f"{account.name!r} does not belong to {namespace!r}")
    repo_ids = [
        repo_id
        for kind in KINDS
        for repo_id in call.hub.store.repo_ids(kind)
        if repo_id.namespace == namespace
    ]
    return JSONResponse([_storage(call, repo_id) for repo_id in repo_ids])


def auth_check(call: Call) -> Response:
    call.readable_repo()
    return Response()


def auth_check_write(call: Call) -> Response:
    call.writable_repo()
    return Response()


def validate_yaml(call: Call) -> Response:
    """400 with the errors, as JSON, or as lines of text for clients that accept only these."""
    content = call.json().get("content")
    if not isinstance(content, str):
        raise HubError(400, "validate-yaml needs 'content', the text of the README")
    card = parse_card(content)
    if call.request.headers.get("accept") == "text/plain":
        lines = [f"- Error: {message}" for message in card.errors]
        return PlainTextResponse("\n".join(lines), 400 if lines else 200)
    answer = {
        "errors": [{"message": message} for message in card.errors],
        "warnings": [{"message": message} for message in card.warnings],
    }
    return JSONResponse(answer, status_code=400 if card.errors else 200)


def paged(
    call: Call, items: list[T], size: int, to_json: Callable[[list[T]], list[dict[str, Any]]]
) -> Response:
    """One page of the items from `cursor` on; `Link: rel="next"` leads to the following one."""
    start = call.number("cursor", 0, len(items))
    end = start + max(1, call.number("limit", size, size))
    headers = {}
    if end < len(items):
        url = call.request.url.include_query_params(cursor=end)
        path = call.request.scope["raw_path"].decode("latin-1")
        headers["Link"] = f'<{call.base_url}{path}?{url.query}>; rel="next"'
    return JSONResponse(to_json(items[start:end]), headers=headers)


def _repo_of(call: Call, data: dict[str, Any]) -> RepoId:
    account = require_account(call.account)
    kind = f"{data.get('type') or 'model'}s"
    name = data.get("name")
    if not isinstance(name, str):
        raise HubError(400, "The name of the repository is missing")
    owner, _, short = name.rpartition("/")
    return parse_repo_id(kind, str(data.get("organization") or owner or account.name), short)


def _first_card(repo_id: RepoId, data: dict[str, Any]) -> str:
    """A Space says in its card what runs it, from the start; other repositories have none yet."""
    if repo_id.kind != "spaces":
        return ""
    sdk = data.get("sdk")
    if sdk not in ("docker", "gradio", "static"):
        raise HubError(400, f"The sdk of the Space is {sdk!r}: use 'docker', 'gradio' or 'static'")
    return f"---\ntitle: {repo_id.name}\nsdk: {sdk}\n---\n"


def _split(kind: str, full_name: object) -> RepoId:
    namespace, _, name = str(full_name).partition("/")
    return parse_repo_id(kind, namespace, name)


def _matches_name(repo_id: RepoId, author: str | None, search: str | None) -> bool:
    if author and repo_id.namespace != author:
        return False
    return not search or search.lower() in repo_id.full_name.lower()


def _listed(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    if call.flag("full"):
        with call.hub.store.opened(_split(call.params["kind"], item["id"])) as repo:
            item["siblings"] = siblings(repo, read_revision(repo, item["sha"]), False)
    return _only(call, item)


def _storage(call: Call, repo_id: RepoId) -> dict[str, Any]:
    data = summary(call.hub.store, repo_id)
    with call.hub.store.opened(repo_id) as repo:
        files = siblings(repo, read_revision(repo, data["sha"]), True)
    return {
        "id": data["id"],
        "type": repo_id.kind.removesuffix("s"),
        "updatedAt": data["lastModified"],
        "visibility": "private" if data["private"] else "public",
        "storage": sum(item["size"] for item in files),
    }


def _only(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    query = call.request.query_params
    expand = {*query.getlist("expand"), *query.getlist("expand[]")}
    return {key: item[key] for key in item if key in expand | {"_id", "id"}} if expand else item
