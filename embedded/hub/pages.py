"""Pages for people that concern no single repository."""

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from embedded.hub.errors import HubError
from embedded.hub.names import KINDS
from embedded.hub.render import HERE, page
from embedded.hub.routing import Call
from embedded.hub.summaries import summary


def home(call: Call) -> Response:
    """All repositories that may be seen, newest first; `q` searches in names and tags."""
    wanted = call.request.query_params.get("q", "").strip().lower()
    owner, only = call.params.get("namespace"), call.params.get("kind")
    groups = {}
    for kind in KINDS if only is None else (only,):
        items = [
            summary(call.hub.store, repo_id) | {"url": repo_id.url_path, "name": repo_id.name}
            for repo_id in call.hub.store.repo_ids(kind)
            if owner in (None, repo_id.namespace) and call.can_see(repo_id)
        ]
        items = [item for item in items if wanted in f"{item['id']} {item['tags']}".lower()]
        groups[kind] = sorted(items, key=lambda item: str(item["lastModified"]), reverse=True)
    is_own = call.account is not None and owner is not None and call.account.belongs_to(owner)
    if owner is not None and not is_own and not any(groups.values()):
        raise HubError(404, f"Nobody called {owner!r} has a repository here that you may see")
    return page("home.html", groups=groups, query=wanted, owner=owner, account=call.account)


def login(call: Call) -> Response:
    """Lets the browser ask for a token (as password), so that private repositories show up."""
    if call.account is None:
        challenge = {"WWW-Authenticate": 'Basic realm="Hub: any name, your token as password"'}
        return Response("Send your token as password.", 401, challenge)
    return RedirectResponse("/", 303)


def stylesheet(call: Call) -> Response:
    return FileResponse(HERE / "templates" / "style.css", media_type="text/css")


def error_page(request: Request, error: HubError) -> Response | None:
    """A page for browsers, None for API clients."""
    wants_html = "text/html" in request.headers.get("accept", "")
    if not wants_html or request.url.path.startswith("/api/"):
        return None
    return page("error.html", error.status, error=error)
