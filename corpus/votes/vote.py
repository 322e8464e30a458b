"""One annotator's answer to one question of an item, whatever was asked."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from corpus.articles import Span

Value = TypeVar("Value", bound=Hashable)
# What is voted on one by one where an answer is a set: a span, or one of several labels.
Candidate = TypeVar("Candidate", Span, str)
# An item, and which of its questions.
Unit = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Vote(Generic[Value]):
    """What an annotator answered: a label, or a set (of spans, of labels; an empty one is "none").

    ``question`` tells questions of one item apart that were asked of different people (an entity
    type each, say); ``guidelines`` is the revision the annotator read.
    """

    item: str
    annotator: str
    value: Value
    question: str = ""
    guidelines: str = ""

    @property
    def unit(self) -> Unit:
        """What the vote is on."""
        return (self.item, self.question)


def by_unit(votes: Iterable[Vote[Value]]) -> dict[Unit, list[Vote[Value]]]:
    """The votes on each question, in the order of items, and of annotators within."""
    found: dict[Unit, list[Vote[Value]]] = {}
    for vote in sorted(votes, key=lambda v: (*v.unit, v.annotator)):
        found.setdefault(vote.unit, []).append(vote)
    return found


def annotators_of(votes: Iterable[Vote[Value]]) -> list[str]:
    """Everybody who answered, by name."""
    return sorted({vote.annotator for vote in votes})


def label_of(candidate: Span | str) -> str:
    """The entity type of a span; a label itself."""
    return candidate.label if isinstance(candidate, Span) else candidate


def compared(units: Iterable[Sequence[Vote[Value]]]) -> list[Sequence[Vote[Value]]]:
    """The units that can agree: those with two votes or more."""
    return [votes for votes in units if len(votes) > 1]
