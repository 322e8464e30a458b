"""IOB2 tags: names, spans ↔ tags, and decoding that never gives an illegal sequence."""

from collections.abc import Sequence
from functools import cache

import numpy as np

OUTSIDE = "O"
FORBIDDEN = -1e9
# Begin, inside, end or last, single or unit.
PREFIXES = {"B": "B-", "I": "I-", "E": "I-", "L": "I-", "S": "B-", "U": "B-"}


def tag_names(entity_types: Sequence[str]) -> list[str]:
    """O, then B- and I- of each type, in schema order."""
    return [OUTSIDE, *(f"{prefix}-{label}" for label in entity_types for prefix in "BI")]


def to_iob(names: Sequence[str]) -> list[str]:
    """Tags of BIOES and BILOU, and bare types, as B- and I-; two may become the same.

    A bare type may stand anywhere, as the I- of IOB1.
    """
    return [
        name
        if name == OUTSIDE
        else PREFIXES[name[0]] + name[2:]
        if name[1:2] == "-" and name[0] in PREFIXES
        else f"I-{name}"
        for name in names
    ]


def allowed_transitions(names: Sequence[str]) -> np.ndarray:
    """Matrix (tags × tags) of 0 where the second may follow the first, else a huge penalty.

    I-x follows only B-x and I-x. Where no B-x exists (IOB1, as some published models have it), an
    I-x may stand anywhere.
    """
    penalty = np.zeros((len(names), len(names)))
    for j, after in enumerate(names):
        if _must_continue(after, names):
            for i, before in enumerate(names):
                if before[2:] != after[2:] or before == OUTSIDE:
                    penalty[i, j] = FORBIDDEN
    return penalty


def viterbi(log_probabilities: np.ndarray, names: Sequence[str]) -> list[int]:
    """The most probable legal tag sequence of a (tokens × tags) array (Viterbi 1967)."""
    if len(log_probabilities) == 0:
        return []
    penalty, start = _penalties(tuple(names))
    likeliest = log_probabilities.argmax(axis=1)
    if not start[likeliest[0]] and not penalty[likeliest[:-1], likeliest[1:]].any():
        # Legal as it is, so no other legal sequence is more probable.
        return list(map(int, likeliest))
    score = log_probabilities[0] + start
    back: list[np.ndarray] = []
    for row in log_probabilities[1:]:
        paths = score[:, None] + penalty
        back.append(paths.argmax(axis=0))
        score = paths.max(axis=0) + row
    best = [int(score.argmax())]
    for pointers in reversed(back):
        best.append(int(pointers[best[-1]]))
    return best[::-1]


@cache
def _penalties(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Of following and of beginning."""
    start = np.array([FORBIDDEN if _must_continue(name, names) else 0.0 for name in names])
    return allowed_transitions(names), start


def _must_continue(name: str, names: Sequence[str]) -> bool:
    return name.startswith("I-") and f"B-{name[2:]}" in names


def tag_runs(tags: Sequence[int], names: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first token, last token + 1, entity type) of each B- with its I- tags.

    An I- without one before it counts only where its type has no B- tag.
    """
    runs: list[tuple[int, int, str]] = []
    for position, tag in enumerate(tags):
        name = names[tag]
        if name.startswith("B-"):
            runs.append((position, position + 1, name[2:]))
        elif name.startswith("I-") and runs and runs[-1][1:] == (position, name[2:]):
            runs[-1] = (runs[-1][0], position + 1, name[2:])
        elif name.startswith("I-") and not _must_continue(name, names):
            runs.append((position, position + 1, name[2:]))
    return runs
