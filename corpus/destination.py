"""Where a desk publishes when it is told otherwise: ``hub:org/name``."""

import re

from corpus.desk import Desk
from corpus.errors import DeskError

_ADDRESS = re.compile(r"hub:([\w.-]+/[\w.-]+)")
LONGEST = 96
SUFFIXES = {"topic_model": "-topics", "entity_model": "-entities"}


def published_to(desk: Desk, address: str | None, private: bool) -> Desk:
    """The desk with the data set at org/name and its models at org/name-topics and -entities.

    ``private`` hides what is published; it never shows what the desk hides. Raises DeskError for
    anything but ``hub:org/name``.
    """
    settings = desk.publish
    change: dict[str, object] = {"private": settings.private or private}
    if address is not None:
        match = _ADDRESS.fullmatch(address)
        if match is None or len(match[1]) + max(map(len, SUFFIXES.values())) > LONGEST:
            raise DeskError(
                f"--to {address!r} is no address: expected hub:org/name, letters, digits, '.', '_' "
                f"and '-' only, short enough for {LONGEST} characters with "
                f"{' or '.join(SUFFIXES.values())} behind it.",
                "Run copydesk publish --to hub:my-org/my-news",
            )
        names = {key: match[1] + suffix for key, suffix in SUFFIXES.items()}
        change["dataset"] = match[1]
        change |= {key: name for key, name in names.items() if getattr(settings, key) is not None}
    return desk.model_copy(update={"publish": settings.model_copy(update=change)})
