"""The parts of a card's text: front matter, headings, and the sections under them.

Everything here reads line by line, so that a hostile card costs no more than a long one.
"""

import re
from dataclasses import dataclass

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# A line that starts so is no text that an underline could make a heading.
_NO_TEXT = (">", "|", "#", "-", "*", "+", "=", "<!--", "```", "~~~")


@dataclass(frozen=True, slots=True)
class Heading:
    """Level 1 to 6, and the text without its signs."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the text up to the next one; no heading: what stands above the first."""

    heading: Heading | None
    text: str


def split_card(card: str) -> tuple[str, str]:
    """(front matter, rest); the front matter is empty where the card has none."""
    lines = card.lstrip("\ufeff \t\r\n").replace("\r\n", "\n").split("\n")
    ends = (i for i, line in enumerate(lines) if i and line.rstrip(" \t") == "---")
    end = next(ends, None) if lines[0].rstrip(" \t") == "---" else None
    if end is None:
        return "", card.replace("\r\n", "\n")
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def sections(body: str) -> list[Section]:
    """Every section of any level, in order; lines of code are no headings."""
    lines = body.split("\n")
    fenced = _fenced(lines)
    starts: list[tuple[int, Heading | None]] = [(0, None)]
    for i, line in enumerate(lines):
        marked = None if fenced[i] else heading_of(line)
        level = 0 if marked or fenced[i] or not i or fenced[i - 1] else _underline(line)
        if marked:
            starts.append((i, marked))
        elif level and _is_text(lines[i - 1]):
            starts.append((i - 1, Heading(level, lines[i - 1].strip())))
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    return [
        Section(heading, "\n".join(lines[start:end]))
        for (start, heading), end in zip(starts, ends, strict=True)
    ]


def heading_of(line: str) -> Heading | None:
    """The heading in a line that starts with number signs."""
    text = line.strip()
    rest = text.lstrip("#")
    level = len(text) - len(rest)
    if not 1 <= level <= 6 or _indent(line) > 3 or (rest and rest[0] not in " \t"):
        return None
    bare = rest.rstrip("#")
    # "## Uses ##" is "Uses", but "## C#" is "C#".
    return Heading(level, (bare if bare[-1:] in ("", " ", "\t") else rest).strip())


def _underline(line: str) -> int:
    """The level of the heading that this line makes of the one above; 0 for none."""
    signs = set(line.strip())
    return 0 if _indent(line) > 3 else 1 if signs == {"="} else 2 if signs == {"-"} else 0


def _is_text(line: str) -> bool:
    return bool(line.strip()) and _indent(line) <= 3 and not line.strip().startswith(_NO_TEXT)


def _indent(line: str) -> int:
    return (
        len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" ")) if line[:1].isspace() else 0
    )


def _fenced(lines: list[str]) -> list[bool]:
    """Which lines stand in code; a fence that nobody closes hides nothing."""
    flags = [False] * len(lines)
    opened: tuple[int, str] | None = None
    for i, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark is None:
            continue
        if opened is None:
            if mark[1][0] == "~" or "`" not in line[mark.end() :]:
                opened = i, mark[1]
        elif line.strip() == mark[1] and mark[1].startswith(opened[1]):
            flags[opened[0] : i + 1] = [True] * (i + 1 - opened[0])
            opened = None
    return flags
