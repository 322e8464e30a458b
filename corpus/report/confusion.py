"""What annotators take for what: pairs of answers to the same article, side by side."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, permutations

from corpus.articles import Span
from corpus.report.material import Material
from corpus.resolve import span_votes, topic_votes
from corpus.votes.sets import overlap
from corpus.votes.vote import Value, Vote, by_unit

LISTED_PAIRS = 10
SAME, TYPE, BOUNDARIES, BOTH, MISSED = "same", "type", "boundaries", "both", "missed"


@dataclass(frozen=True, slots=True)
class LabelPair:
    """Two topics given to the same article: in how many pairs of answers."""

    first: str
    second: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Habit:
    """What one annotator said where another said something else, ``pairs`` times."""

    annotator: str
    said: str
    others: str
    pairs: int


@dataclass(frozen=True, slots=True)
class TopicConfusion:
    """``counts`` is symmetric: for each topic (row) of one answer what the other answer said
    (column), both ways round, so that the whole sums to twice the ``pairs``.

    ``habits`` holds the most frequent one of each annotator who ever differed.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    pairs: int
    differing: int
    confused: tuple[LabelPair, ...]
    habits: tuple[Habit, ...]


@dataclass(frozen=True, slots=True)
class TypeMarks:
    """What another annotator has in the place of ``marks`` of one entity type, or of one
    annotator: the same span, another type, another start or end, both other, or nothing there.
    """

    name: str
    marks: int
    same: int
    type: int
    boundaries: int
    both: int
    missed: int


@dataclass(frozen=True, slots=True)
class SpanConfusion:
    """``counts``: a type (row), and what stands in its place in the other answer (column); the last
    column is nothing. Each mark counts once for every other answer to its article.

    ``lacking``: of an annotator, marks of others with nothing in their place; ``name`` → how many.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    marks: int
    types: tuple[TypeMarks, ...]
    annotators: tuple[TypeMarks, ...]
    lacking: dict[str, int]


def topic_confusion(material: Material, labels: Sequence[str]) -> TopicConfusion:
    """Over all pairs of answers; ``labels`` are the desk's, those no longer in it come last."""
    votes = topic_votes([entry.response for entry in material.submitted])
    names = _all_labels(labels, {vote.value for vote in votes})
    together = Counter(
        (mine.annotator, mine.value, other.value) for mine, other in _both_ways(votes)
    )
    cells: Counter[tuple[str, str]] = Counter()
    for (_, mine, other), times in together.items():
        cells[mine, other] += times
    apart = [LabelPair(a, b, cells[a, b]) for a, b in combinations(names, 2) if cells[a, b]]
    return TopicConfusion(
        labels=names,
        counts=tuple(tuple(cells[a, b] for b in names) for a in names),
        pairs=cells.total() // 2,
        differing=sum(pair.pairs for pair in apart),
        confused=tuple(sorted(apart, key=lambda p: (-p.pairs, p.first, p.second))[:LISTED_PAIRS]),
        habits=tuple(_habits(together)),
    )


def span_confusion(material: Material, labels: Sequence[str]) -> SpanConfusion:
    """Over all pairs of answers, each mark against the best counterpart in the other answer."""
    votes = span_votes([entry.response for entry in material.submitted])
    names = _all_labels(labels, {span.label for vote in votes for span in vote.value})
    cells: Counter[tuple[str, str]] = Counter()
    types: dict[str, Counter[str]] = defaultdict(Counter)
    people: dict[str, Counter[str]] = defaultdict(Counter)
    lacking: Counter[str] = Counter()
    for mine, other in _both_ways(votes):
        for mark in mine.value:
            kind, label = counterpart(mark, other.value)
            cells[mark.label, label] += 1
            types[mark.label][kind] += 1
            people[mine.annotator][kind] += 1
            lacking[other.annotator] += kind == MISSED
    return SpanConfusion(
        labels=names,
        counts=tuple(tuple(cells[a, b] for b in (*names, "")) for a in names),
        marks=cells.total(),
        types=tuple(_marks(name, types[name]) for name in names if name in types),
        annotators=tuple(_marks(name, people[name]) for name in sorted(people)),
        lacking=dict(sorted(lacking.items())),
    )


def counterpart(mark: Span, others: Set[Span]) -> tuple[str, str]:
    """How the other answer differs at this mark, and the type it has there (empty: none).

    The same span, then the same offsets, then an overlap of the same type, then any overlap.
    """
    if mark in others:
        return SAME, mark.label
    near = sorted(other for other in others if overlap(mark, other))
    for other in near:
        if (other.start, other.end) == (mark.start, mark.end):
            return TYPE, other.label
    if any(other.label == mark.label for other in near):
        return BOUNDARIES, mark.label
    return (BOTH, near[0].label) if near else (MISSED, "")


def _both_ways(
    votes: Sequence[Vote[Value]],
) -> Iterator[tuple[Vote[Value], Vote[Value]]]:
    for unit in by_unit(votes).values():
        yield from permutations(unit, 2)


def _all_labels(labels: Sequence[str], used: Set[str]) -> tuple[str, ...]:
    return (*labels, *sorted(used - set(labels)))


def _habits(together: Counter[tuple[str, str, str]]) -> Iterator[Habit]:
    found: dict[str, Habit] = {}
    for (annotator, said, others), pairs in sorted(together.items()):
        best = found.get(annotator)
        if said != others and (best is None or pairs > best.pairs):
            found[annotator] = Habit(annotator, said, others, pairs)
    yield from found.values()


def _marks(name: str, kinds: Counter[str]) -> TypeMarks:
    return TypeMarks(
        name, kinds.total(), kinds[SAME], kinds[TYPE], kinds[BOUNDARIES], kinds[BOTH], kinds[MISSED]
    )
