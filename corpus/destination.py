"""Where a desk publishes when it is told otherwise: ``hub:org/name``."""

import re

from corpus.desk import Desk
from corpus.errors import DeskError

SCHEME = "hub:"
LONGEST = 96
SUFFIXES = {"topic_model": "-topics", "entity_model": "-entities"}
# The Hub's own rules for names.
_PART = r"(?![.-])[A-Za-z0-9._-]+(?<![.-])"
_NAME = re.compile(rf"{_PART}/{_PART}")
_NEVER_INSIDE = ("--", "..")


def published_to(desk: Desk, address: str | None, private: bool) -> Desk:
    """The desk with the data set at org/name and its models at org/name-topics and -entities.

    ``private`` hides what is published; it never shows what the desk hides. Raises DeskError for
    anything but ``hub:org/name`` of a name that the Hub accepts.
    """
    settings = desk.publish
    change: dict[str, object] = {"private": settings.private or private}
    if address is not None:
        repo_id = repo_id_of(address)
        names = {key: repo_id + suffix for key, suffix in SUFFIXES.items()}
        change["dataset"] = repo_id
        change |= {key: name for key, name in names.items() if getattr(settings, key) is not None}
    return desk.model_copy(update={"publish": settings.model_copy(update=change)})


def repo_id_of(address: str) -> str:
    """org/name of ``hub:org/name``; DeskError for anything else."""
    name = address.removeprefix(SCHEME)
    if not _is_name(name):
        raise DeskError(
            f"--to {address!r} is no address: expected hub:org/name of ASCII letters, digits, '.', "
            "'_' and '-', where neither begins or ends with '.' or '-', '--' and '..' occur "
            "nowhere, and '.git' not at the end.",
            "Run copydesk publish --to hub:my-org/my-news",
        )
    room = LONGEST - max(map(len, SUFFIXES.values()))
    if len(name) > room:
        raise DeskError(
            f"--to {address!r} names a repository of {len(name)} characters; at most {room}, "
            f"since models go to the same name with {' or '.join(SUFFIXES.values())} behind it.",
            "Run copydesk publish --to hub:my-org/my-news",
        )
    if name == address:
        raise DeskError(
            f"--to {address!r} does not begin with {SCHEME}; did you mean {SCHEME}{name}?",
            f"Run copydesk publish --to {SCHEME}{name}",
        )
    return name


def _is_name(text: str) -> bool:
    """Whether the Hub accepts it as org/name, but for its length."""
    bad = any(part in text for part in _NEVER_INSIDE) or text.endswith(".git")
    return not bad and _NAME.fullmatch(text) is not None
