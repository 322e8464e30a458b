"""Stable, leak-proof splits: near-duplicate cluster → hash → split.

An article never changes its split, and near-duplicates never stand in two of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.articles import Article, Split
from corpus.dedup import clusters, near_duplicates
from corpus.desk import SplitSettings

POLICY = (
    "Near-duplicates (4-word-shingle Jaccard of 0.5 or more) form a cluster, and a cluster stands "
    "in one split. Clusters with a blind article (shown without suggestions) are test; the hash "
    "of the cluster decides between train and validation."
)


@dataclass(frozen=True, slots=True)
class SplitAssignment:
    """``splits``: article id → split. ``quarantined``: ids that would join two splits."""

    splits: dict[str, Split]
    quarantined: tuple[str, ...]


def unit_hash(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def is_blind(article_id: str, share: float, seed: int) -> bool:
    """Whether this article is shown without suggestions: a seeded share of all ids."""
    return unit_hash(f"blind:{seed}:{article_id}") < share


def assign_splits(
    articles: Sequence[Article],
    blind: Mapping[str, bool],
    known: Mapping[str, Split],
    settings: SplitSettings,
) -> SplitAssignment:
    """Give each new article a split; ``known`` assignments stay as they are.

    A new article that is a near-duplicate of articles in two splits would leak, so it is
    left out and reported.
    """
    by_id = {article.id: article for article in articles}
    cluster_of = clusters(by_id, near_duplicates(list(by_id.values())))
    members: dict[str, list[str]] = defaultdict(list)
    for identifier, cluster in cluster_of.items():
        members[cluster].append(identifier)
    splits: dict[str, Split] = {}
    quarantined: list[str] = []
    for cluster, ids in members.items():
        settled = {known[i] for i in ids if i in known}
        new = [i for i in ids if i not in known]
        splits.update({i: known[i] for i in ids if i in known})
        if len(settled) > 1:
            quarantined += new
        elif settled:
            splits.update(dict.fromkeys(new, next(iter(settled))))
        else:
            any_blind = any(blind.get(i, False) for i in ids)
            splits.update(dict.fromkeys(new, _new_split(cluster, any_blind, blind, settings)))
    return SplitAssignment(splits, tuple(sorted(quarantined)))


def _new_split(
    cluster: str, any_blind: bool, blind: Mapping[str, bool], settings: SplitSettings
) -> Split:
    if any_blind:
        return "test"
    point = unit_hash(f"split:{cluster}")
    # A desk without a blind share still needs a test split.
    if not any(blind.values()):
        if point < settings.test:
            return "test"
        point = (point - settings.test) / (1 - settings.test)
    return "validation" if point < settings.validation else "train"


def leaks(articles: Sequence[Article], splits: Mapping[str, Split]) -> list[tuple[str, str]]:
    """Near-duplicate pairs that stand in different splits; must be empty before training."""
    inside = [article for article in articles if article.id in splits]
    return [(a, b) for a, b in near_duplicates(inside) if splits[a] != splits[b]]
