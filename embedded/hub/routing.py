"""Routes on the undecoded path: clients quote a revision or a tree path into one segment."""

import json
import logging
import re
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import IO, Any
from urllib.parse import parse_qs, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from embedded.hub.accounts import Account, require_write
from embedded.hub.errors import HubError, as_refusal, error_response, repo_not_found
from embedded.hub.hub import Hub
from embedded.hub.names import RepoId, parse_repo_id

logger = logging.getLogger(__name__)
_PARAMETER = re.compile(r"\{(\w+)(\.\.\.)?\}")
# Half of a surrogate pair may stand alone in JSON, and can be written nowhere.
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
_NUMBER = re.compile(r"[0-9]{1,19}")
_KIND = "models|datasets|spaces"
# Of bodies held in memory: questions and lists. What may be longer is streamed.
BODY_MAX_BYTES = 16 * 1024**2
ANONYMOUS_MAX_BYTES = SPOOL_MEMORY_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks, the decoded parts of the path, and the body where it was read."""

    request: Request
    hub: Hub
    account: Account | None
    params: dict[str, str]
    body: bytes = b""

    @property
    def base_url(self) -> str:
        """Scheme and host as the client wrote them, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; HubError 400 for anything else."""
        return read_json(self.body or b"{}")

    async def chunks(self, limit_bytes: int) -> AsyncIterator[bytes]:
        """The body as it comes in; HubError 413 as soon as it is longer than allowed."""
        announced = self.request.headers.get("content-length", "")
        error = HubError(413, f"The body is longer than {limit_bytes} bytes: send less at a time")
        if _NUMBER.fullmatch(announced) and int(announced) > limit_bytes:
            raise error
        left = limit_bytes
        async for chunk in self.request.stream():
            left -= len(chunk)
            if left < 0:
                raise error
            yield chunk

    @asynccontextmanager
    async def spooled(self, limit_bytes: int) -> AsyncIterator[IO[bytes]]:
        """The whole body as a file, on disk when it is not small; HubError 413 as in `chunks`."""
        folder = self.hub.blobs.incoming
        with tempfile.SpooledTemporaryFile(SPOOL_MEMORY_BYTES, dir=str(folder)) as file:
            async for chunk in self.chunks(limit_bytes):
                file.write(chunk)
            file.seek(0)
            yield file

    def form(self) -> dict[str, list[str]]:
        """The body as a submitted form."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def flag(self, name: str) -> bool:
        return self.request.query_params.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int, maximum: int) -> int:
        """A whole number of the query within 0 and `maximum`; HubError 400 for other text."""
        text = self.request.query_params.get(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text):
            raise HubError(400, f"{name}={text!r}: expected a whole number")
        return min(int(text), maximum)

    def named_repo(self) -> RepoId:
        name = self.params["name"].removesuffix(".git")
        return parse_repo_id(self.params.get("kind", "models"), self.params["namespace"], name)

    def readable_repo(self) -> RepoId:
        """The repository of the path; RepoNotFound when missing or not for these eyes."""
        return self.check_readable(self.named_repo())

    def check_readable(self, repo_id: RepoId) -> RepoId:
        if not self.can_see(repo_id):
            raise repo_not_found()
        return repo_id

    def can_see(self, repo_id: RepoId) -> bool:
        if not self.hub.store.exists(repo_id):
            return False
        belongs = self.account is not None and self.account.belongs_to(repo_id.namespace)
        return belongs or not self.hub.store.settings(repo_id).private

    def writable_repo(self) -> tuple[RepoId, Account]:
        """The repository of the path and who writes; 401, 403 or RepoNotFound otherwise."""
        repo_id = self.readable_repo()
        return repo_id, require_write(self.account, repo_id)


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` has `{name}` for one segment and `{name...}` for the rest of the path.

    A handler marked `streams` is a coroutine and reads the body itself; one marked `signed`
    checks a signature in place of the account's token.
    """

    methods: tuple[str, ...]
    pattern: str
    handler: Callable[[Call], Any]
    streams: bool = False
    signed: bool = False

    def compiled(self) -> re.Pattern[str]:
        def group(match: re.Match[str]) -> str:
            name, rest = match.groups()
            inner = _KIND if name == "kind" else ".+" if rest else "[^/]+"
            return f"(?P<{name}>{inner})"

        return re.compile(_PARAMETER.sub(group, self.pattern))


class Router:
    """The ASGI application: finds the route, the account, runs the handler, answers errors."""

    def __init__(self, hub: Hub, routes: list[Route], on_error: "ErrorPage") -> None:
        self.hub = hub
        self.routes = [(route, route.compiled()) for route in routes]
        self.on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            logger.info("The client left during %s %s", request.method, request.url.path)
            return
        except HubError as refusal:
            response = self._refused(request, refusal)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.url.path)
            response = self._refused(request, as_refusal(error))
        response.headers["X-Request-Id"] = _request_id(request)
        await response(scope, receive, send)

    def _refused(self, request: Request, error: HubError) -> Response:
        page = self.on_error(request, error)
        return page if page is not None else error_response(error)

    async def _respond(self, request: Request) -> Response:
        route, params = self._find(request)
        header = request.headers.get("authorization")
        account = None if route.signed else self.hub.accounts.of_header(header, request.method)
        call = Call(request, self.hub, account, params)
        if route.streams:
            answer: Response = await route.handler(call)
            return answer
        limit = BODY_MAX_BYTES if account else ANONYMOUS_MAX_BYTES
        body = b"".join([chunk async for chunk in call.chunks(limit)])
        return await run_in_threadpool(route.handler, replace(call, body=body))

    def _find(self, request: Request) -> tuple[Route, dict[str, str]]:
        path = request.scope["raw_path"].decode("latin-1")
        path = path if path == "/" else path.rstrip("/")
        method = "GET" if request.method == "HEAD" else request.method
        other_method = False
        for route, pattern in self.routes:
            match = pattern.fullmatch(path)
            if match and method in route.methods:
                return route, {key: unquote(value) for key, value in match.groupdict().items()}
            other_method = other_method or match is not None
        # Outside the API clients probe for services and take 404 for "not there".
        if other_method and path.startswith("/api/"):
            raise HubError(405, f"{request.method} is not possible here")
        code = "RepoNotFound" if re.match(rf"/api/({_KIND})/|/[^/]+/resolve/", path) else None
        raise HubError(404, f"Nothing is served at {unquote(path)}", code)


def _request_id(request: Request) -> str:
    """The client's own name of the request, where it gives one: it logs the answer under it."""
    given = request.headers.get("x-request-id") or request.headers.get("x-amzn-trace-id")
    return given or uuid.uuid4().hex


def read_json(text: bytes) -> dict[str, Any]:
    """A JSON object; HubError 400 for anything else."""
    try:
        data = json.loads(text)
        if _HALF_CHARACTER.search(text):
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise HubError(400, f"This is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise HubError(400, "A JSON object is expected here")
    return data


ErrorPage = Callable[[Request, HubError], Response | None]
