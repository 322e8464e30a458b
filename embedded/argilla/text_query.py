"""Elasticsearch's simple query string → a tree of FTS5 leaves.

Syntax: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-simple-query-string-query
AND by default, ``+`` and, ``|`` or, ``-`` not, ``"phrase"~N``, ``prefix*``, ``fuzzy~N``, ``( )``;
operators apply from left to right, and no input is an error: what stands after the 500th token
is not read, and a query nested too deep for SQLite is read as a list of its words.
"""

import re
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from embedded.argilla.text_index import spread_cjk

TOKEN = re.compile(
    r'"(?P<phrase>(?:\\.|[^"\\])*)"(?:~(?P<slop>\d+))?'
    r"|(?P<operator>[()|+])"
    r"|(?P<minus>-)"
    r'|(?P<word>(?:\\.|[^\s()|+"\\])+)'
    r"|(?P<junk>[\"\\])"
)
FUZZY = re.compile(r"^(?P<word>.+?)~(?P<edits>\d*)$")
HAS_TOKEN = re.compile(r"\w")
MAX_EDITS = 2
MAX_TOKENS = 500
# SQLite's parser gives up at about 70.
MAX_NESTING = 30


@dataclass(frozen=True, slots=True)
class Leaf:
    """One FTS5 expression; ``fuzzy`` is a word to be expanded by ``edits`` first."""

    match: str
    fuzzy: str = ""
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Both:
    """Two nodes joined by AND or OR."""

    operator: Literal["AND", "OR"]
    left: "Node"
    right: "Node"


Node = Leaf | Not | Both


def parse(text: str) -> Node | None:
    """The tree of a query, or None where nothing in it can be searched."""
    tokens = list(TOKEN.finditer(text))[:MAX_TOKENS]
    node, _ = _group(tokens, 0)
    if node is not None and _nests_deeper(node, MAX_NESTING):
        words = [leaf for token in tokens if (leaf := _leaf(token)) is not None]
        node = reduce(lambda left, right: Both("AND", left, right), words)
    return node


def operands(node: Both) -> tuple[list["Node"], Literal["AND", "OR"]]:
    """The parts of a run of the same operator, so that SQL needs no nesting for it."""
    parts = [node.right]
    left: Node = node.left
    while isinstance(left, Both) and left.operator == node.operator:
        parts.append(left.right)
        left = left.left
    return [left, *reversed(parts)], node.operator


def _nests_deeper(node: Node, levels: int) -> bool:
    """Whether its SQL needs more than so many levels of parentheses."""
    if isinstance(node, Leaf):
        return False
    parts = [node.node] if isinstance(node, Not) else operands(node)[0]
    return levels == 0 or any(_nests_deeper(part, levels - 1) for part in parts)


def leaves(node: Node) -> list[Leaf]:
    """The leaves that must or may be there, for ranking."""
    if isinstance(node, Leaf):
        return [node]
    if isinstance(node, Not):
        return []
    return [leaf for part in operands(node)[0] for leaf in leaves(part)]


def _group(tokens: list[re.Match[str]], position: int) -> tuple[Node | None, int]:
    """Parse up to the closing parenthesis, or the end where it is missing."""
    node: Node | None = None
    operator: Literal["AND", "OR"] = "AND"
    negate = False
    while position < len(tokens):
        token = tokens[position]
        position += 1
        part: Node | None
        if token["operator"] == "(":
            part, position = _group(tokens, position)
        elif token["operator"] == ")":
            break
        elif token["operator"]:
            operator = "OR" if token["operator"] == "|" else "AND"
            continue
        elif token["minus"]:
            negate = not negate
            continue
        else:
            part = _leaf(token)
        if part is not None:
            part = Not(part) if negate else part
            node = part if node is None else Both(operator, node, part)
        operator, negate = "AND", False
    return node, position


def _leaf(token: re.Match[str]) -> Node | None:
    if token["operator"] or token["minus"]:
        return None
    if token["phrase"] is not None:
        words = _unescape(token["phrase"])
        if not HAS_TOKEN.search(words):
            return None
        if token["slop"]:
            near = " ".join(_quote(word) for word in words.split() if HAS_TOKEN.search(word))
            return Leaf(f"NEAR({near}, {int(token['slop'])})")
        return Leaf(_quote(words))
    word = _unescape(token["word"] or "")
    if not HAS_TOKEN.search(word):
        return None
    fuzzy = FUZZY.match(word)
    if fuzzy and HAS_TOKEN.search(fuzzy["word"]):
        edits = min(int(fuzzy["edits"] or MAX_EDITS), MAX_EDITS)
        return Leaf(_quote(fuzzy["word"]), fuzzy["word"].lower(), edits)
    if word.endswith("*") and HAS_TOKEN.search(word[:-1]):
        return Leaf(f"{_quote(word[:-1])} *")
    return Leaf(_quote(word))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _quote(text: str) -> str:
    escaped = spread_cjk(text).replace('"', '""').replace("\x00", " ")
    return f'"{escaped}"'


def within_edits(a: str, b: str, edits: int) -> bool:
    """Whether the Levenshtein distance of two words is at most ``edits``."""
    if abs(len(a) - len(b)) > edits:
        return False
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (char != other))
        if min(row) > edits:
            return False
    return row[-1] <= edits
