"""What stays of the text that a publish replaces: people's words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from publishing.card_sections import Heading, Section, heading_of, sections, split_card

NOTES_START, NOTES_END = "<!-- notes: kept by copydesk -->", "<!-- /notes -->"
KEPT = (
    "<!-- The sections above are written anew by copydesk at each publish. Sections of your own,"
    " and what stands between the marks below, stay. -->"
)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Shorter lines of a template could be anybody's.
_TELLING_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Ours:
    """What tells our sections: their headings today, and what templates say under each."""

    title: str
    written: frozenset[str]
    lines: dict[str | None, tuple[str, ...]]

    def wrote(self, section: Section) -> bool:
        """Whether the section comes from a template, of this version or an earlier one.

        One that this card leaves out comes from us if it holds a line of its template.
        """
        heading = section.heading
        if heading is None or heading.level > 2:
            return False
        if heading.text in (self.written if heading.level == 2 else (self.title,)):
            return True
        lines = self.lines.get(heading.text if heading.level == 2 else None, ())
        return any(line in section.text for line in lines)

    def heads(self, heading: Heading | None) -> bool:
        """Whether a template has this heading."""
        if heading is None:
            return False
        return heading == Heading(1, self.title) or (
            heading.level == 2 and heading.text in (self.written | self.lines.keys())
        )


def ours(template: str, body: str) -> Ours:
    """From the template (Jinja) and the new body made of it."""
    now = [section.heading for section in sections(body) if section.heading]
    return Ours(
        title=next((heading.text for heading in now if heading.level == 1), ""),
        written=frozenset(heading.text for heading in now if heading.level == 2),
        lines={
            section.heading.text if section.heading.level == 2 else None: _telling(section.text)
            for section in sections(template)
            if section.heading
        },
    )


def kept_notes(card: str | None, own: Ours) -> str:
    """What people wrote in a card of ours, or all of a card that is not ours.

    In ours: the text between every pair of marks, what stands above the title and below our last
    section, and every section that no template has, wherever it stands. Ours are written anew.
    """
    if card is None:
        return ""
    lines = split_card(card)[1].split("\n")
    if not any(line.strip() in (NOTES_START, NOTES_END, KEPT) for line in lines):
        return "\n".join(lines).strip()
    notes, rest = _notes(lines, own)
    others = [
        section.text
        for block in _blocks(rest)
        for section in sections(block)
        if section.heading is None or not own.wrote(section)
    ]
    return "\n\n".join(part.strip() for part in (*notes, *others) if part.strip())


def _notes(lines: list[str], own: Ours) -> tuple[list[str], list[str]]:
    """(text of each pair of marks, lines outside of them).

    Marks count where they stand alone on a line. Without its end mark a note ends before the next
    heading of ours. Below the last note nothing is ours: the line ``KEPT`` stands in for it.
    """
    marks = [i for i, line in enumerate(lines) if line.strip() in (NOTES_START, NOTES_END)]
    notes: list[str] = []
    rest: list[str] = []
    done = 0
    for number, start in enumerate(marks):
        rest += lines[done:start]
        done = start + 1
        if lines[start].strip() == NOTES_START:
            end = marks[number + 1] if number + 1 < len(marks) else len(lines)
            if end == len(lines) or lines[end].strip() != NOTES_END:
                end = _before_ours(lines, start + 1, end, own)
            notes.append("\n".join(line for line in lines[start + 1 : end] if line.strip() != KEPT))
            done = end
    after = lines[done:]
    is_closed = bool(marks) and lines[marks[-1]].strip() == NOTES_END
    return notes, [*rest, *([KEPT] if is_closed else []), *after]


def _before_ours(lines: list[str], start: int, end: int, own: Ours) -> int:
    for i in range(start, end):
        if lines[i].strip() == KEPT or own.heads(heading_of(lines[i])):
            return i
    return end


def _blocks(lines: list[str]) -> Iterator[str]:
    """The text between lines that end what is ours."""
    block: list[str] = []
    for line in lines:
        if line.strip() == KEPT:
            yield "\n".join(block)
            block = []
        else:
            block.append(line)
    yield "\n".join(block)


def _telling(section: str) -> tuple[str, ...]:
    """The longer lines that a template's section says itself, without its heading."""
    said = _TAG.sub("\n", section.partition("\n")[2]).splitlines()
    return tuple(
        line.strip()
        for line in said
        if len(line.strip()) >= _TELLING_CHARACTERS and any(map(str.isalpha, line))
    )
