"""What stays of the card that a publish replaces: people's words, and metadata of theirs."""

import re
from collections.abc import Collection, Iterator
from typing import Any

import yaml

NOTES_START, NOTES_END = "<!-- notes: kept by copydesk -->", "<!-- /notes -->"
_NOTES = re.compile(re.escape(NOTES_START) + r"(.*?)" + re.escape(NOTES_END), re.DOTALL)
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^## +(.*?)\s*$")


def kept_notes(card: str | None, own_headings: Collection[str]) -> str:
    """What people wrote in a card of ours, or all of a card that is not ours.

    In ours: the text between the marks of the notes, and every second-level section with a
    heading that no template has, wherever it stands. Sections of ours are written anew.
    """
    if card is None:
        return ""
    body = _FRONT_MATTER.sub("", card)
    inside = _NOTES.search(body)
    if inside is None:
        return body.strip()
    others = [
        text
        for heading, text in _sections(_NOTES.sub("", body))
        if heading is not None and heading not in own_headings
    ]
    return "\n\n".join(part.strip() for part in (inside[1], *others) if part.strip())


def merged_metadata(
    ours: dict[str, Any], card: str | None, owned: Collection[str]
) -> dict[str, Any]:
    """Our front matter, with the keys, tags and configurations that others added to the card.

    ``owned`` are the keys that we may write: one that we leave out today does not come back from
    the last version. An unreadable front matter counts as none: it is replaced.
    """
    theirs = _metadata(card)
    merged = ours | {key: value for key, value in theirs.items() if key not in owned}
    merged["tags"] = _union(ours.get("tags"), theirs.get("tags"))
    for key in ("configs", "dataset_info"):
        if key in ours:
            merged[key] = _with_other_configs(ours[key], theirs.get(key))
    return merged


def headings(text: str) -> list[str]:
    """The second-level headings, in order."""
    return [heading for heading, _ in _sections(text) if heading is not None]


def _metadata(card: str | None) -> dict[str, Any]:
    match = _FRONT_MATTER.match(card or "")
    try:
        found = yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        # The Hub shows such a card without metadata, too.
        return {}
    return found if isinstance(found, dict) else {}


def _union(*lists: Any) -> list[Any]:
    items = [item for part in lists if isinstance(part, list) for item in part]
    return list(dict.fromkeys(map(str, items)))


def _with_other_configs(ours: Any, theirs: Any) -> Any:
    own = ours if isinstance(ours, list) else [ours]
    names = {part.get("config_name", "default") for part in own}
    others = [
        part
        for part in (theirs if isinstance(theirs, list) else [])
        if isinstance(part, dict) and part.get("config_name", "default") not in names
    ]
    return [*own, *others] if others else ours


def _sections(body: str) -> Iterator[tuple[str | None, str]]:
    """(heading, text with heading) of each second-level section; None for what stands above."""
    heading: str | None = None
    lines: list[str] = []
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        found = None if fence else _HEADING.match(line)
        if found:
            yield heading, "\n".join(lines)
            heading, lines = found[1], []
        lines.append(line)
    yield heading, "\n".join(lines)
