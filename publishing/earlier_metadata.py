"""What stays of the front matter that a publish replaces."""

from collections.abc import Collection
from typing import Any

import yaml

from publishing.card_sections import split_card

# Written by us or by nobody: one whose files are gone does not come back from the last card.
OUR_CONFIGS = frozenset(("default", "responses", "disagreements"))
MAX_TAGS, MAX_TAG_CHARACTERS = 200, 200


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Without merge keys: nested ones grow twofold with each line of the card."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "a merge key", node.start_mark)


def merged_metadata(
    ours: dict[str, Any], card: str | None, owned: Collection[str]
) -> dict[str, Any]:
    """Our front matter, with the keys, tags and configurations that others added to the card.

    ``owned`` are the keys that we may write: one that we leave out today does not come back from
    the last version. An unreadable front matter counts as none: it is replaced.
    """
    theirs = _metadata(card)
    merged = ours | {key: value for key, value in theirs.items() if key not in owned}
    merged["tags"] = _with_other_tags(ours.get("tags") or [], theirs.get("tags"))
    for key in ("configs", "dataset_info"):
        if key in ours:
            merged[key] = _with_other_configs(ours[key], theirs.get(key))
    return merged


def _metadata(card: str | None) -> dict[str, Any]:
    """What can be read and written again, under names that are text."""
    try:
        # The loader is the safe one, with less.
        found = yaml.load(split_card(card or "")[0], _Loader)
        if not isinstance(found, dict):
            return {}
        found = {key: value for key, value in found.items() if isinstance(key, str)}
        yaml.safe_dump(found)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        # The Hub shows such a card without metadata, too. PyYAML has no one error: a day that
        # no month has, a number without digits and a time without hours each raise another.
        return {}
    except RecursionError:
        return {}
    return found


def _with_other_tags(ours: list[str], theirs: Any) -> list[str]:
    """Tags are text; lists of lists that name each other could unfold without end."""
    others = [
        tag
        for tag in (theirs[:MAX_TAGS] if isinstance(theirs, list) else [])
        if isinstance(tag, str) and len(tag) <= MAX_TAG_CHARACTERS
    ]
    return list(dict.fromkeys([*ours, *others]))


def _with_other_configs(ours: Any, theirs: Any) -> Any:
    own = ours if isinstance(ours, list) else [ours]
    names = OUR_CONFIGS | {part.get("config_name", "default") for part in own}
    others = [
        part
        for part in (theirs if isinstance(theirs, list) else [])
        if isinstance(part, dict)
        and isinstance(name := part.get("config_name", "default"), str)
        and name not in names
    ]
    return [*own, *others] if others else ours
