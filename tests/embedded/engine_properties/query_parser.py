"""Lucene's SimpleQueryParser, on which Elasticsearch's simple query string stands, transcribed.

Source: org.apache.lucene.queryparser.simple.SimpleQueryParser. AND by default, all operators on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

WHITE = " \t\n\r"
MAX_EDITS = 2


@dataclass(frozen=True)
class Word:
    """A word, with `*` the beginning of one, with `~` one with mistakes."""

    text: str
    prefix: bool = False
    edits: int = 0


@dataclass(frozen=True)
class Phrase:
    """Words in order, moved by at most `slop`."""

    text: str
    slop: int


@dataclass(frozen=True)
class Not:
    """What must not match."""

    node: "Node"


@dataclass(frozen=True)
class Both:
    """Two nodes joined."""

    operator: Literal["AND", "OR"]
    left: "Node"
    right: "Node"


Node = Word | Phrase | Not | Both


@dataclass
class State:
    """Where the parser stands; ``means`` says whether a leaf has any token."""

    text: str
    index: int
    end: int
    means: Callable[[Node], bool]
    top: Node | None = None
    operator: Literal["AND", "OR"] | None = None
    negations: int = 0
    copied: list[str] = field(default_factory=list)


def parse(text: str, means: Callable[[Node], bool]) -> Node | Literal["*"] | None:
    """The tree of a query, "*" for everything, None for nothing."""
    if text.strip() == "*":
        return "*"
    return _subquery(State(text, 0, len(text), means))


def _subquery(state: State) -> Node | None:
    while state.index < state.end:
        char = state.text[state.index]
        if char == "-":
            state.negations += 1
            state.index += 1
            continue
        if char == "(":
            _group(state)
        elif char == '"':
            _phrase(state)
        elif char in "+|":
            if state.operator is None and state.top is not None:
                state.operator = "AND" if char == "+" else "OR"
            state.index += 1
        elif char == ")" or char in WHITE:
            state.index += 1
        else:
            _word(state)
        state.negations = 0
    return state.top


def _closes_on_something(state: State, start: int) -> bool:
    """False, with the reader behind it, for what is never closed or closed at once."""
    if state.index >= state.end:
        state.index = start
        return False
    if state.index == start:
        state.operator = None
        state.index += 1
        return False
    return True


def _group(state: State) -> None:
    state.index += 1
    start, depth = state.index, 1
    while state.index < state.end:
        char = state.text[state.index]
        if char == "\\":
            state.index += 2
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            break
        state.index += 1
    if _closes_on_something(state, start):
        inner = _subquery(State(state.text, start, state.index, state.means))
        _add(state, inner)
        state.index += 1


def _phrase(state: State) -> None:
    state.index += 1
    start = state.index
    copied, slop = [], False
    while state.index < state.end:
        char = state.text[state.index]
        if char == "\\":
            copied += state.text[state.index + 1 : min(state.index + 2, state.end)]
            state.index += 2
            continue
        if char == '"':
            if state.index + 1 < state.end and state.text[state.index + 1] == "~":
                state.index += 1
                slop = state.index + 1 < state.end
            break
        copied.append(char)
        state.index += 1
    if _closes_on_something(state, start):
        number = _number(state) if slop else 0
        _add(state, Phrase("".join(copied), number))
        state.index += 1


def _word(state: State) -> None:
    copied: list[str] = []
    prefix = fuzzy = False
    while state.index < state.end:
        char = state.text[state.index]
        if char == "\\":
            copied += state.text[state.index + 1 : min(state.index + 2, state.end)]
            prefix = False
            state.index += 2
            continue
        if char in '"|+()' or char in WHITE:
            break
        if copied and char == "~":
            fuzzy = True
            break
        prefix = bool(copied) and char == "*"
        copied.append(char)
        state.index += 1
    if not copied:
        return
    text = "".join(copied)
    if fuzzy:
        _add(state, Word(text, edits=min(_number(state), MAX_EDITS)))
    elif prefix:
        _add(state, Word(text[:-1], prefix=True))
    else:
        _add(state, Word(text))


def _number(state: State) -> int:
    start = state.index + 1
    state.index += 1
    while state.index < state.end and state.text[state.index] not in '"|+()' + WHITE:
        state.index += 1
    digits = state.text[start : state.index]
    if not digits:
        return 2
    try:
        return max(int(digits), 0)
    except ValueError:
        return 0


def _add(state: State, branch: Node | None) -> None:
    if branch is None or not state.means(branch):
        return
    if state.negations % 2:
        branch = Not(branch)
    if state.top is None:
        state.top = branch
    else:
        state.top = Both(state.operator or "AND", state.top, branch)
    state.operator = None
