"""A queue of unanswered articles: each share of it goes by its own criterion.

Nothing here depends on the order in which articles are given: where a criterion says nothing, the
hash of seed and id decides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.settings.order import OrderShares
from corpus.splits import unit_hash

# Argilla's filters and people read them; a million records still differ.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The cluster of an article, and how far from its centre the article lies."""

    cluster: int
    distance: float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of articles by id, answered ones among them; any part may lack any of them."""

    uncertainty: Mapping[str, float]
    neighbourhood: Mapping[str, Neighbourhood]


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
    lists = (
        (shares.uncertainty, sorted(drawn, key=lambda i: -known.uncertainty.get(i, 0.0))),
        (shares.diversity, _spread(drawn, answered, known.neighbourhood)),
        (shares.random, drawn),
    )
    return list(_interleaved([(share, order) for share, order in lists if share]))


def _spread(
    waiting: Sequence[str], answered: Iterable[str], known: Mapping[str, Neighbourhood]
) -> list[str]:
    """A cluster with the fewest answers comes first, and of it the article nearest to its centre.

    So each page holds different things, and typical ones (TypiClust, Hacohen et al. 2022).
    """
    members: dict[int, list[str]] = defaultdict(list)
    for i in waiting:
        members[known[i].cluster if i in known else -1].append(i)
    taken = Counter(known[i].cluster for i in answered if i in known)
    turns = []
    for cluster, ids in members.items():
        near = sorted(ids, key=lambda i: known[i].distance) if cluster >= 0 else ids
        turns += [(taken[cluster] + n, cluster, i) for n, i in enumerate(near)]
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
