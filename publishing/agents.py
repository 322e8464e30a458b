"""Who made a suggestion, as far as it may be published."""

import re

OTHER = "other"
# As flows/preannotation.py and flows/first_suggestions.py name them. Argilla keeps other names as
# they were typed, and a person who writes suggestions may well be called by an address.
_REPO = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
_PUBLISHED = re.compile(
    rf"{_REPO}:[0-9a-f]{{12}}|zero-shot:(?:{_REPO}|[\w.-]+)|source:(?:{_REPO}|[\w. -]+)"
    r"|gazetteer:[0-9a-f]{12}|folder:[\w.-]+:[0-9a-f]{12}",
    re.ASCII,
)


def published_agent(name: str) -> str | None:
    """``repo_id:revision``, ``zero-shot:model``, ``source:file name``, ``gazetteer:digest`` and
    ``folder:name:digest`` as they are; any other name is "other", and no name is None.
    """
    if not name:
        return None
    return name if _PUBLISHED.fullmatch(name) else OTHER
