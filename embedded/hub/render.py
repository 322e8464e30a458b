"""From values to HTML: markdown, sizes, times, templates."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent
_COMMENT_BEGINS = re.compile(r"^<!--", re.MULTILINE)
_COMMENT_ENDS = re.compile(r"-->[ \t]*\n?")
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"))
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def size_text(size_bytes: int) -> str:
    """Decimal units as the Hub shows them: 12.6 MB."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def age_text(moment: str) -> str:
    """How long ago an ISO 8601 time was, in one unit."""
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    amount = (datetime.now(UTC) - then).total_seconds()
    unit = "year"
    for step, name in _STEPS:
        if amount < step:
            unit = name
            break
        amount /= step
    count = int(amount)
    if unit == "second":
        return "just now"
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def segment_quote(text: str) -> str:
    """A revision for an address: one segment, slashes quoted."""
    return quote(text, safe="")


def markdown_html(text: str, repo_url: str, revision: str, folder: str = "") -> Markup:
    """Safe HTML: raw HTML stays text; relative images and links lead into the repository."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(without_comments(text))
    base = (repo_url, segment_quote(revision), folder)
    for token in tokens:
        _point_into_repo(token.children or [], base)
        _align_without_style(token)
    # markdown-it escapes every text of its tokens; its output is the one HTML trusted here.
    return Markup(parser.renderer.render(tokens, parser.options, {}))


def without_comments(text: str) -> str:
    """Markdown without the comments that begin a line; one that never ends is text.

    One search for both marks would look for the end anew at each beginning: of 50 KB of beginnings
    without any end it took five seconds.
    """
    kept, position = [], 0
    while begins := _COMMENT_BEGINS.search(text, position):
        ends = _COMMENT_ENDS.search(text, begins.end())
        if ends is None:
            break
        kept.append(text[position : begins.start()])
        position = ends.end()
    return "".join([*kept, text[position:]])


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    html = _ENVIRONMENT.get_template(template).render(**values)
    return HTMLResponse(html, status, _HEADERS)


def _point_into_repo(tokens: Sequence[Token], base: tuple[str, str, str]) -> None:
    repo_url, revision, folder = base
    for token in tokens:
        name, view = ("src", "resolve") if token.type == "image" else ("href", "blob")
        target = token.attrGet(name)
        if not isinstance(target, str) or not target or _is_absolute(target):
            continue
        path = _joined(folder, target)
        token.attrSet(name, f"{repo_url}/{view}/{revision}/{path}")


def _align_without_style(token: Token) -> None:
    """Table cells say how they are aligned by a class: the page allows no inline style."""
    style = token.attrs.pop("style", None)
    if isinstance(style, str):
        token.attrSet("class", style.replace("text-align:", "align-"))


def _is_absolute(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.scheme or parts.netloc) or target.startswith(("/", "#"))


def _joined(folder: str, target: str) -> str:
    """Relative address below the repository; `..` never climbs above its root."""
    parts: list[str] = [part for part in folder.split("/") if part]
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "size": size_text,
        "age": age_text,
        # Slashes stay.
        "path": quote,
        "segment": segment_quote,
    }
    return environment


_ENVIRONMENT = _environment()
