"""A queue of unanswered articles: each share of it goes by its own criterion.

Nothing here depends on the order in which articles are given: where a criterion says nothing, the
hash of seed and id decides.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.settings.order import OrderShares
from corpus.splits import unit_hash

# Argilla's filters and people read them; a million records still differ.
DIGITS = 6


# The cluster of articles that are in none.
NO_CLUSTER = -1


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of articles by id, answered ones among them; both may lack any of them."""

    uncertainty: Mapping[str, float]
    cluster: Mapping[str, int]


def place_of_blind(article_id: str, seed: int) -> float:
    """Where a blind article stands: anywhere, whatever a model says of it or of others."""
    return round(unit_hash(f"order:{seed}:{article_id}"), DIGITS)


def places(queue: Sequence[str]) -> dict[str, float]:
    """Article id → its place in (0, 1), the first one lowest."""
    return {i: round((n + 0.5) / len(queue), DIGITS) for n, i in enumerate(queue)}


def queued(
    waiting: Iterable[str], answered: Iterable[str], known: Known, shares: OrderShares, seed: int
) -> list[str]:
    """The waiting articles, the most useful first.

    Of any first n of them (within one) each criterion chose its share, in its own order, of what
    the others had left.
    """
    drawn = sorted(waiting, key=lambda i: (unit_hash(f"order:{seed}:{i}"), i))
    unsure = sorted(drawn, key=lambda i: -known.uncertainty.get(i, 0.0))
    lists = (
        (shares.uncertainty, unsure),
        (shares.diversity, _spread(unsure if shares.uncertainty else drawn, answered, known)),
        (shares.random, drawn),
    )
    return list(_interleaved([(share, order) for share, order in lists if share]))


def _spread(waiting: Sequence[str], answered: Iterable[str], known: Known) -> list[str]:
    """The cluster with the fewest answers comes first, and of it the first that waits.

    So each page holds different things (Zhdanov 2019 takes the least sure of clusters, too).
    """
    taken = Counter(known.cluster[i] for i in answered if i in known.cluster)
    turns = []
    for i in waiting:
        cluster = known.cluster.get(i, NO_CLUSTER)
        turns.append((taken[cluster], cluster, i))
        taken[cluster] += 1
    return [i for _, _, i in sorted(turns)]


def _interleaved(lists: Sequence[tuple[float, Sequence[str]]]) -> Iterator[str]:
    """Each place goes to the criterion that is furthest behind its share."""
    total = sum(share for share, _ in lists)
    remaining = [iter(order) for _, order in lists]
    given = [0] * len(lists)
    gone: set[str] = set()
    for place in range(1, len(lists[0][1]) + 1):
        behind = [share / total * place - n for (share, _), n in zip(lists, given, strict=True)]
        turn = behind.index(max(behind))
        found = next(i for i in remaining[turn] if i not in gone)
        given[turn] += 1
        gone.add(found)
        yield found
