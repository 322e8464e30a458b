"""Stable, leak-proof splits: near-duplicate cluster → hash → split.

An article never changes its split, and near-duplicates never stand in two of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.articles import Article, Split
from corpus.dedup import NEAR_DUPLICATE, clusters, near_duplicates, shingles
from corpus.settings.review import SplitSettings

POLICY = (
    "Near-duplicates (4-word-shingle Jaccard of 0.5 or more) form a cluster, and a cluster stands "
    "in one split; the hash of the cluster decides which."
)
BLIND_POLICY = (
    "Test and validation are made of articles that annotators saw without suggestions (blind), and "
    "of no others; what resembles one of them is left out."
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
    blind_share: float,
) -> SplitAssignment:
    """Give each new article a split; ``known`` assignments stay as they are.

    ``blind_share``: that of the desk. Above 0, test and validation are made of blind articles
    alone: by the settings' shares of all articles as far as there are so many, else divided as
    these shares are to each other; blind articles beyond them are trained on. At 0 the hash
    decides for all. A new article that is a near-duplicate of articles in two splits would leak,
    and one that was shown with suggestions and resembles one of test or validation may neither
    train nor test: both are left out and reported.
    """
    by_id = {article.id: article for article in articles}
    unique = list(by_id.values())
    cluster_of = clusters(by_id, near_duplicates(_resembling(unique, range(len(unique)))))
    members: dict[str, list[str]] = defaultdict(list)
    for identifier, cluster in cluster_of.items():
        members[cluster].append(identifier)
    splits: dict[str, Split] = {}
    quarantined: list[str] = []
    for cluster, ids in members.items():
        splits.update({i: known[i] for i in ids if i in known})
        settled = {known[i] for i in ids if i in known}
        new = [i for i in ids if i not in known]
        unbiased = [i for i in new if blind.get(i, False) or not blind_share]
        biased = [i for i in new if i not in unbiased]
        for part, may_test in ((unbiased, True), (biased, False)):
            wanted = _by_hash(cluster, settings, blind_share) if may_test else "train"
            split = _join(settled, wanted, may_test)
            if part and split is None:
                quarantined += part
            elif part and split is not None:
                splits.update(dict.fromkeys(part, split))
                settled.add(split)
    return SplitAssignment(splits, tuple(sorted(quarantined)))


def _join(settled: set[Split], wanted: Split, may_test: bool) -> Split | None:
    """The split of the articles they resemble, else the wanted one; None leaves them out."""
    if not settled:
        return wanted
    only = next(iter(settled)) if len(settled) == 1 else None
    return only if may_test or only == "train" else None


def _by_hash(cluster: str, settings: SplitSettings, blind_share: float) -> Split:
    """Of an article that may test; at a blind share of 0 that is any."""
    point, test, validation = unit_hash(f"split:{cluster}"), settings.test, settings.validation
    if not blind_share:
        # The share of validation is of what is not test, as ever: splits must not move.
        validation *= 1 - test
    else:
        whole = max(blind_share, test + validation)
        test, validation = test / whole, validation / whole
    return "test" if point < test else "validation" if point < test + validation else "train"


def leaks(articles: Sequence[Article], splits: Mapping[str, Split]) -> list[tuple[str, str]]:
    """Near-duplicate pairs that stand in different splits; must be empty before training."""
    inside = [article for article in articles if article.id in splits]
    names = sorted(set(splits.values()))
    suspects = _resembling(inside, [names.index(splits[article.id]) for article in inside])
    return [(a, b) for a, b in near_duplicates(suspects) if splits[a] != splits[b]]


def _resembling(articles: Sequence[Article], groups: Sequence[int]) -> list[Article]:
    """The articles that can have a near-duplicate in another group, and maybe a few more.

    A near-duplicate shares at least half of the shingles of either text, so that an article with
    fewer in other groups has none. Comparing hashes in one sorted sweep costs a tenth of indexing
    the texts; where two shingles have one hash an article is kept needlessly, none is lost.
    """
    hashed = [np.fromiter(map(hash, shingles(a.text)), dtype=np.int64) for a in articles]
    if not hashed:
        return []
    sizes = np.array([len(part) for part in hashed])
    owners = np.repeat(np.arange(len(articles)), sizes)
    values = np.concatenate(hashed)
    del hashed
    order = np.argsort(values)
    owners, values = owners[order], values[order]
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    group = np.asarray(groups)[owners]
    several = np.minimum.reduceat(group, starts) != np.maximum.reduceat(group, starts)
    elsewhere = np.repeat(several, np.diff(np.append(starts, len(values))))
    shared = np.bincount(owners, weights=elsewhere, minlength=len(articles))
    return [a for a, keep in zip(articles, shared >= NEAR_DUPLICATE * sizes, strict=True) if keep]
