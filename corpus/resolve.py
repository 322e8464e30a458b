"""Responses of several annotators → gold, by a named rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.articles import Response, Span


@dataclass(frozen=True, slots=True)
class Resolution:
    """Gold of one record. None: the rule could not decide (a tie), or nobody was asked.

    ``rule`` is "single" (one answer), "majority", or "tie"; ``agreement`` is the share of
    answers equal to the gold, the mean over the resolved questions.
    """

    topic: str | None
    spans: tuple[Span, ...] | None
    rule: str
    answers: int
    agreement: float


def resolve(responses: Sequence[Response], asks_topic: bool, asks_spans: bool) -> Resolution:
    """Decide by majority of the submitted answers.

    A topic needs more votes than any other. A span is gold when more than half of the
    annotators marked exactly it; with exactly half for it the question is a tie.
    """
    answers = [r for r in responses if r.status == "submitted"]
    if not answers:
        raise ValueError("resolve() needs at least one submitted response")
    topics = [r.topic for r in answers if r.topic is not None]
    marks = [r.spans for r in answers if r.spans is not None]
    topic = _majority_topic(topics) if asks_topic else None
    spans = _majority_spans(marks) if asks_spans else None
    tied = (asks_topic and topic is None) or (asks_spans and spans is None)
    rule = "tie" if tied else "single" if len(answers) == 1 else "majority"
    return Resolution(topic, spans, rule, len(answers), _agreement(topic, spans, topics, marks))


def _majority_topic(votes: Sequence[str]) -> str | None:
    ranked = Counter(votes).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _majority_spans(marks: Sequence[tuple[Span, ...]]) -> tuple[Span, ...] | None:
    if not marks:
        return None
    votes = Counter(span for spans in marks for span in set(spans))
    if any(2 * count == len(marks) for count in votes.values()):
        return None
    return tuple(sorted(span for span, count in votes.items() if 2 * count > len(marks)))


def _agreement(
    topic: str | None,
    spans: tuple[Span, ...] | None,
    topics: Sequence[str],
    marks: Sequence[tuple[Span, ...]],
) -> float:
    shares = []
    if topic is not None:
        shares.append(sum(vote == topic for vote in topics) / len(topics))
    if spans is not None:
        shares.append(sum(set(mark) == set(spans) for mark in marks) / len(marks))
    return sum(shares) / len(shares) if shares else 0.0
