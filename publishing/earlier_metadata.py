"""What stays of the front matter that a publish replaces."""

import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from publishing.card_sections import split_card

log = logging.getLogger(__name__)
# Written by us or by nobody: one whose files are gone does not come back from the last card.
OUR_CONFIGS = frozenset(("default", "responses", "disagreements", "sft"))
MAX_TAGS, MAX_TAG_CHARACTERS = 200, 200
# PyYAML has no one error: a day that no month has, a number without digits, a time without hours
# and a list in lists without end each raise another.
UNREADABLE = (
    yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    RecursionError,
)  # fmt: skip


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Without merge keys: nested ones grow twofold with each line of the card."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "a merge key", node.start_mark)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key of the last card: its value, and its lines as they stand there."""

    key: str
    node: yaml.Node
    lines: str

    def value(self) -> Any:
        """Raises one of UNREADABLE where PyYAML makes nothing of it."""
        return _Loader("").construct_document(self.node)


def merged_front_matter(ours: dict[str, Any], card: str | None, owned: Collection[str]) -> str:
    """YAML with our keys, then those that others added to the card, line by line as they stand.

    ``owned`` are the keys that we may write: one that we leave out today does not come back from
    the last version; tags and configurations that others added to them stay. What cannot be kept
    so that every reader of the card finds it is told in the log.
    """
    entries = {entry.key: entry for entry in _entries(card)}
    merged = dict(ours)
    merged["tags"] = _with_other_tags(ours.get("tags") or [], _list_of(entries.get("tags")))
    for key in ("configs", "dataset_info"):
        if key in ours:
            merged[key] = _with_other_configs(ours[key], _list_of(entries.get(key)))
    values: dict[str, Any] = {}
    lines: dict[str, str] = {}
    for key, entry in entries.items():
        if key not in owned:
            values |= _readable(entry)
            if key in values and key not in ours and _says(entry.lines, {key: values[key]}):
                lines[key] = entry.lines
    rest = {key: value for key, value in values.items() if key not in lines}
    text = "".join([_dumped(merged | rest), *lines.values()])
    # An anchor of theirs may have the name that PyYAML gives to one of the rest.
    return text if _says(text, merged | rest | values) else _dumped(merged | values)


def _entries(card: str | None) -> Iterator[_Entry]:
    front = split_card(card or "")[0].replace("\r\n", "\n").rstrip("\n") + "\n"
    try:
        root = yaml.compose(front, _Loader)
    except UNREADABLE as error:
        # The Hub shows such a card without metadata, too.
        log.warning("The metadata of the last card is no YAML and was replaced: %s", _brief(error))
        return
    if root is not None and not isinstance(root, yaml.MappingNode):
        log.warning("The metadata of the last card is no mapping of keys and was replaced")
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    # A comment belongs to the key below it.
    starts = [_with_comment(front, _line_start(front, key.start_mark.index)) for key, _ in pairs]
    ends = [*starts, len(front)][1:]
    for (key, node), start, end in zip(pairs, starts, ends, strict=True):
        if isinstance(key, yaml.ScalarNode):
            is_text = key.tag == "tag:yaml.org,2002:str"
            # Readers take keys for text; `no` and `12` are none to PyYAML.
            name = "" if is_text else json.dumps(key.value) + front[key.end_mark.index : end]
            yield _Entry(key.value, node, f"{(name or front[start:end]).rstrip()}\n")
        else:
            log.warning("A key of the last card's metadata is no text; it was left out")


def _line_start(front: str, index: int) -> int:
    return front.rfind("\n", 0, index) + 1


def _with_comment(front: str, start: int) -> int:
    while start and front[(above := _line_start(front, start - 1))] == "#":
        start = above
    return start


def _list_of(entry: _Entry | None) -> Any:
    try:
        return entry and entry.value()
    except UNREADABLE as error:
        log.warning("A list of the last card's metadata was replaced: %s", _brief(error))
        return None


def _readable(entry: _Entry) -> dict[str, Any]:
    """The key with its value, or with a scalar's text where PyYAML takes it for nothing else."""
    try:
        value = entry.value()
        _dumped(value)
        return {entry.key: value}
    except UNREADABLE as error:
        reason = _brief(error)
    if isinstance(entry.node, yaml.ScalarNode):
        log.warning("%s of the last card's metadata stays as text: %s", entry.key, reason)
        return {entry.key: entry.node.value}
    log.warning("%s of the last card's metadata was left out: %s", entry.key, reason)
    return {}


def _says(text: str, values: dict[str, Any]) -> bool:
    """Whether this text alone is these values; an anchor of it may stand elsewhere."""
    try:
        return _dumped(yaml.load(text, _Loader)) == _dumped(values)
    except UNREADABLE:
        return False


def _dumped(values: Any) -> str:
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    return text


def _brief(error: BaseException) -> str:
    return getattr(error, "problem", None) or type(error).__name__


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
