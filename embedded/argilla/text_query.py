"""Elasticsearch's simple query string → a tree.

Syntax: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-simple-query-string-query
AND by default, ``+`` and, ``|`` or, ``-`` not, ``"phrase"~N``, ``prefix*``, ``fuzzy~N``, ``( )``,
``\\`` before a character that is meant. It is read as Lucene's SimpleQueryParser reads it:
operators apply from left to right, and no input is an error. What cannot be an operator where it
stands is passed over: a closing parenthesis too many, an opening one or a quote never closed.
"""

from typing import Literal

from embedded.argilla.text_nodes import (
    Both,
    Everything,
    Fuzzy,
    Leaf,
    Node,
    Not,
    Phrase,
    Prefix,
    Words,
    nests_deeper,
)
from embedded.argilla.text_tokens import words

MAX_EDITS = 2
DEFAULT_EDITS = 2
MAX_SLOP = 1_000
# What stands after so many words is not read, as Elasticsearch limits clauses.
MAX_LEAVES = 500
# SQLite's parser gives up at about 70; a query nested deeper is read as a list of its words.
MAX_NESTING = 30
SPACE = " \t\n\r"
ENDS_WORD = '"|+()' + SPACE


def parse(text: str) -> Node | None:
    """The tree of a query, or None where nothing in it can be searched."""
    if text.strip() == "*":
        return Everything()
    parser = _Parser(text)
    node = parser.run()
    if node is not None and nests_deeper(node, MAX_NESTING):
        first, *others = parser.leaves
        flat: Node = first
        for leaf in others:
            flat = Both("AND", flat, leaf)
        return flat
    return node


class _Group:
    """What is read so far of the query, or of a part in parentheses that ends at ``end``."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.node: Node | None = None
        self.operator: Literal["AND", "OR"] | None = None
        self.negate = False

    def add(self, part: Node | None) -> None:
        """Join a part to what stands left of it."""
        if part is not None:
            part = Not(part) if self.negate else part
            left = self.node
            self.node = part if left is None else Both(self.operator or "AND", left, part)
            self.operator = None
        self.negate = False

    def join(self, operator: Literal["AND", "OR"]) -> None:
        """An operator; of two in a row the first counts, and at the beginning none does."""
        if self.operator is None and self.node is not None:
            self.operator = operator
        self.negate = False


class _Parser:
    """One query: where its parentheses close, and the leaves found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.closes = _closing(text)
        self.leaves: list[Leaf] = []
        self.groups = [_Group(len(text))]

    def run(self) -> Node | None:
        """Read the whole query."""
        at = 0
        while True:
            group = self.groups[-1]
            if at < group.end and len(self.leaves) < MAX_LEAVES:
                at = self._step(group, at)
                continue
            self.groups.pop()
            if not self.groups:
                return group.node
            self.groups[-1].add(group.node)
            at = group.end + 1

    def _step(self, group: _Group, at: int) -> int:
        """Read what begins at ``at``; returns where the next begins."""
        sign = self.text[at]
        if sign == "-":
            group.negate = not group.negate
        elif sign in "+|":
            group.join("AND" if sign == "+" else "OR")
        elif sign == "(":
            return self._open(group, at)
        elif sign == '"':
            return self._phrase(group, at)
        elif sign == ")" or sign in SPACE:
            group.negate = False
        else:
            return self._word(group, at)
        return at + 1

    def _open(self, group: _Group, at: int) -> int:
        close = self.closes.get(at)
        if close is None or len(self.groups) > MAX_NESTING:
            group.negate = False
        elif close == at + 1:
            group.operator, group.negate = None, False
            return at + 2
        else:
            self.groups.append(_Group(close))
        return at + 1

    def _phrase(self, group: _Group, at: int) -> int:
        text, close = self._until(at + 1, group.end, '"')
        if close == group.end:
            group.negate = False
            return at + 1
        if close == at + 1:
            group.operator, group.negate = None, False
            return at + 2
        slop, after = 0, close + 1
        if after < group.end and self.text[after] == "~":
            slop, after = self._number(after, group.end)
        found = tuple(words(text))[:MAX_LEAVES]
        self._leaf(group, Phrase(found, slop) if found else None)
        return after

    def _word(self, group: _Group, at: int) -> int:
        # A ~ that begins a word is a character of it.
        text, end = self._until(at, group.end, ENDS_WORD, first_of_word=True)
        if end < group.end and self.text[end] == "~":
            edits, end = self._number(end, group.end)
            found = text.lower()
            fuzzy = Fuzzy(found, min(edits, MAX_EDITS)) if edits else _words(text)
            self._leaf(group, fuzzy)
        elif len(text) > 1 and self.text[end - 1] == "*" and not _is_escaped(self.text, end - 1):
            self._leaf(group, Prefix(text[:-1].lower()))
        else:
            self._leaf(group, _words(text))
        return end

    def _leaf(self, group: _Group, leaf: Leaf | None) -> None:
        if leaf is not None:
            self.leaves.append(leaf)
        group.add(leaf)

    def _until(self, at: int, end: int, stops: str, first_of_word: bool = False) -> tuple[str, int]:
        """Unescaped text up to one of ``stops`` (for a word, also a ~), and where that stands."""
        taken: list[str] = []
        while at < end:
            sign = self.text[at]
            if sign == "\\":
                at += 1
                taken.append(self.text[at : min(at + 1, end)])
            elif sign in stops or (first_of_word and sign == "~" and taken):
                break
            else:
                taken.append(sign)
            at += 1
        return "".join(taken), min(at, end)

    def _number(self, at: int, end: int) -> tuple[int, int]:
        """The number after a ~, 2 where none stands, 0 where something else does; and its end."""
        start = at = at + 1
        while at < end and self.text[at] not in ENDS_WORD:
            at += 1
        given = self.text[start:at]
        if not given:
            return DEFAULT_EDITS, at
        return (min(int(given), MAX_SLOP) if given.isdecimal() and given.isascii() else 0), at


def _words(text: str) -> Words | None:
    found = tuple(words(text))[:MAX_LEAVES]
    return Words(found) if found else None


def _is_escaped(text: str, at: int) -> bool:
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _closing(text: str) -> dict[int, int]:
    """Where each parenthesis that is closed closes; quotes do not protect them."""
    open_ones: list[int] = []
    closes: dict[int, int] = {}
    escaped = False
    for at, sign in enumerate(text):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == "(":
            open_ones.append(at)
        elif sign == ")" and open_ones:
            closes[open_ones.pop()] = at
    return closes
