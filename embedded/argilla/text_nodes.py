"""What a text query is read into: a tree of leaves, negations and pairs."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Everything:
    """``*`` alone."""


@dataclass(frozen=True, slots=True)
class Words:
    """All of these in one field, in any order: what one word of the query is cut into."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """These in this order, moved by at most ``slop`` places in all."""

    words: tuple[str, ...]
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so."""

    start: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Any word within so many edits (Levenshtein)."""

    word: str
    edits: int


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


Leaf = Everything | Words | Phrase | Prefix | Fuzzy
Node = Leaf | Not | Both


def operands(node: Both) -> tuple[list["Node"], Literal["AND", "OR"]]:
    """The parts of a run of the same operator, so that SQL needs no nesting for it."""
    parts = [node.right]
    left: Node = node.left
    while isinstance(left, Both) and left.operator == node.operator:
        parts.append(left.right)
        left = left.left
    return [left, *reversed(parts)], node.operator


def positive_leaves(node: Node) -> list[Leaf]:
    """The leaves that must or may be there, for ranking."""
    if isinstance(node, Not | Everything):
        return []
    if isinstance(node, Both):
        return [leaf for part in operands(node)[0] for leaf in positive_leaves(part)]
    return [node]


def nests_deeper(node: Node, levels: int) -> bool:
    """Whether its SQL needs more than so many levels of parentheses."""
    if not isinstance(node, Not | Both):
        return False
    parts = [node.node] if isinstance(node, Not) else operands(node)[0]
    return levels == 0 or any(nests_deeper(part, levels - 1) for part in parts)
