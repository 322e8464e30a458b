"""Near-duplicate articles: 4-word shingles and their exact Jaccard similarity.

Sources: Broder 1997, "On the resemblance and containment of documents"; the prefix filter, which
finds every pair without comparing all, is that of Bayardo et al. 2007, "Scaling up all pairs
similarity search".
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from corpus.articles import Article

SHINGLE_WORDS = 4
NEAR_DUPLICATE = 0.5

# Chinese and Japanese write no spaces: there each character counts as a word.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")


def shingles(text: str) -> frozenset[str]:
    """The set of 4-word shingles; a shorter text is one shingle of all its words."""
    words = WORD.findall(text.lower())
    if len(words) <= SHINGLE_WORDS:
        return frozenset({" ".join(words)})
    count = len(words) - SHINGLE_WORDS + 1
    return frozenset(" ".join(words[i : i + SHINGLE_WORDS]) for i in range(count))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared shingles over all shingles, in [0, 1]."""
    return len(a & b) / len(a | b) if a or b else 1.0


def near_duplicates(
    articles: Sequence[Article], threshold: float = NEAR_DUPLICATE
) -> list[tuple[str, str]]:
    """Every pair of ids whose texts share at least ``threshold`` (above 0) of their shingles."""
    sets = {article.id: shingles(article.text) for article in articles}
    frequency = Counter(item for items in sets.values() for item in items)
    index: dict[str, list[str]] = defaultdict(list)
    pairs: list[tuple[str, str]] = []
    for identifier, items in sets.items():
        candidates: set[str] = set()
        for item in _prefix(items, frequency, threshold):
            candidates.update(index[item])
            index[item].append(identifier)
        pairs += [
            (c, identifier) for c in sorted(candidates) if jaccard(sets[c], items) >= threshold
        ]
    return pairs


def _prefix(items: frozenset[str], frequency: Counter[str], threshold: float) -> list[str]:
    """The rarest shingles: two sets as similar as the threshold share at least one of these."""
    ordered = sorted(items, key=lambda item: (frequency[item], item))
    return ordered[: len(ordered) - math.ceil(threshold * len(ordered)) + 1]


def clusters(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """id → name of its cluster (the smallest id in it); union-find over the pairs."""
    parent = {identifier: identifier for identifier in ids}

    def root(identifier: str) -> str:
        while parent[identifier] != identifier:
            parent[identifier] = parent[parent[identifier]]
            identifier = parent[identifier]
        return identifier

    for a, b in pairs:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    return {identifier: root(identifier) for identifier in parent}
