"""Near-duplicate articles: 4-word shingles, MinHash LSH, then exact Jaccard.

Source: Broder 1997, "On the resemblance and containment of documents".
"""

import re
from collections.abc import Iterable, Sequence

from datasketch import MinHash, MinHashLSH

from corpus.articles import Article

SHINGLE_WORDS = 4
NEAR_DUPLICATE = 0.5
PERMUTATIONS = 64
# The index looks wider than the rule: candidates are then compared exactly.
INDEX_THRESHOLD = 0.35

WORD = re.compile(r"\w+")


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
    """Pairs of ids whose texts share at least ``threshold`` of their shingles."""
    sets = {article.id: shingles(article.text) for article in articles}
    index = MinHashLSH(threshold=INDEX_THRESHOLD, num_perm=PERMUTATIONS)
    pairs: list[tuple[str, str]] = []
    for identifier, items in sets.items():
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch([item.encode() for item in items])
        candidates = sorted(index.query(sketch))
        pairs += [(c, identifier) for c in candidates if jaccard(sets[c], items) >= threshold]
        index.insert(identifier, sketch)
    return pairs


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
