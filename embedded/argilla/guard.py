"""What stands before the application: no pages of documentation, headers against embedding."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DOCS = ("docs", "redoc", "openapi.json")
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"content-security-policy": b"frame-ancestors 'none'",
    b"referrer-policy": b"same-origin",
}


class Guard:
    """ASGI middleware around the application."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif is_documentation(scope["path"]):
            await _not_found(send)
        else:
            await self.app(scope, receive, _with_headers(send, scope["path"]))


def is_documentation(path: str) -> bool:
    """/docs, /api/docs, /api/v1/docs/oauth2-redirect, …, and /api, which leads there."""
    parts = [part for part in path.lower().split("/") if part]
    while parts and parts[0] in ("api", "v1"):
        parts = parts[1:]
    inside_api = path.lower().startswith("/api")
    return (inside_api and not parts) or (bool(parts) and parts[0] in DOCS)


def _with_headers(send: Send, path: str) -> Send:
    # Answers of the API hold keys and texts: no browser or proxy shall keep them.
    more = {**HEADERS, b"cache-control": b"no-store"} if path.startswith("/api/") else HEADERS

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].lower() not in more]
            message["headers"] = [*kept, *more.items()]
        await send(message)

    return send_with_headers


async def _not_found(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), *HEADERS.items()]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"detail":"Not Found"}'})
