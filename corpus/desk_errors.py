"""What is wrong with a desk: every error at once, each with the place where it can be corrected."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from corpus.errors import DeskError

KEYS = "docs/desk.md (copydesk desk-keys) lists all keys."


def desk_error(
    file: Path, error: ValidationError, replaced: Sequence[str], file_is_valid: bool
) -> DeskError:
    """Names `--set` for keys in ``replaced``, and for everything where the file alone is valid."""
    found = error.errors()
    wrong = [key for key in replaced if any(_concerns(key, item) for item in found)]
    if file_is_valid:
        # A rule about several keys names their group: then any of them may be the one.
        options = _options(wrong or replaced)
        lines = [f"{options} does not fit desk {file}:", *map(_line, found)]
        return DeskError("\n".join(lines), f"Correct {options}. {KEYS}")
    lines = [f"Desk {file} has {len(found)} error(s):"]
    lines += [_line(item, any(_concerns(key, item) for key in replaced)) for item in found]
    also = f", and {_options(wrong)}" if wrong else ""
    return DeskError("\n".join(lines), f"Correct these keys in {file}{also}. {KEYS}")


def _options(keys: Sequence[str]) -> str:
    return ", ".join(f"--set {key}" for key in keys)


def _concerns(key: str, item: ErrorDetails) -> bool:
    """Whether an error lies at a replaced key or below it, or names its group as unknown."""
    where = _where(item)
    unknown_group = item["type"] == "extra_forbidden" and key.startswith(f"{where}.")
    return f"{where}.".startswith(f"{key}.") or unknown_group


def _where(item: ErrorDetails) -> str:
    return ".".join(str(part) for part in item["loc"]) or "desk"


def _line(item: ErrorDetails, from_option: bool = False) -> str:
    said = item["msg"]
    if item["type"] == "extra_forbidden":
        said = f"unknown key (value {item['input']!r})"
    return f"  {'--set ' if from_option else ''}{_where(item)}: {said}"
