"""Responses of several annotators → gold, by the rule of the desk (``corpus.votes.rules``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.articles import Response, Span, chosen_topics
from corpus.votes.decided import TIE, Decided
from corpus.votes.rules import SINGLE, Policy, settle_choices, settle_sets
from corpus.votes.vote import Candidate, Vote


@dataclass(frozen=True, slots=True)
class Resolution:
    """Gold of one record. None: the rule could not decide (a tie), or nobody was asked.

    ``rule`` is "single" (one answer to each question), "majority", "dawid-skene", "trusted",
    "adjudicated", or "tie"; ``agreement`` is the share of answers equal to the gold, the mean over
    the resolved questions. Neither it nor ``answers`` counts adjudicators, where others answered.
    ``topics`` stand in the place of ``topic`` where a desk asks for several.
    """

    topic: str | None
    spans: tuple[Span, ...] | None
    rule: str
    answers: int
    agreement: float
    topics: tuple[str, ...] | None = None


def resolve_articles(
    groups: Mapping[str, Sequence[Response]],
    asks_topic: bool,
    asks_spans: bool,
    policy: Policy,
    several_topics: bool = False,
) -> dict[str, Resolution]:
    """Decide on the submitted answers of each article (id → responses).

    With ``several_topics`` each topic is voted on by itself. All articles at once: Dawid-Skene
    learns from all of them how each annotator errs. Raises ValueError for an article without a
    submitted answer.
    """
    submitted = {i: [r for r in group if r.status == "submitted"] for i, group in groups.items()}
    if not all(submitted.values()):
        raise ValueError("resolve_articles() needs at least one submitted response an article")
    everything = [r for group in submitted.values() for r in group]
    by_topic = _settled_topics(everything, policy, several_topics) if asks_topic else {}
    by_spans = _by_article(settle_sets(span_votes(everything), policy)) if asks_spans else {}
    asked = [found for found, asks in ((by_topic, asks_topic), (by_spans, asks_spans)) if asks]
    counted = {i: _of_annotators(group, policy) for i, group in submitted.items()}
    return {
        identifier: Resolution(
            topic=None if several_topics else _value(by_topic.get(identifier)),
            topics=_in_order(_value(by_topic.get(identifier))) if several_topics else None,
            spans=_in_order(_value(by_spans.get(identifier))),
            rule=_rule([found.get(identifier) for found in asked]),
            answers=len(group),
            agreement=_agreement(group, by_topic.get(identifier), by_spans.get(identifier)),
        )
        for identifier, group in counted.items()
    }


def _settled_topics(
    responses: Sequence[Response], policy: Policy, several: bool
) -> dict[str, Decided[Any]]:
    if several:
        return _by_article(settle_sets(topic_set_votes(responses), policy))
    return _by_article(settle_choices(topic_votes(responses), policy))


def _by_article(decided: Sequence[Decided[Any]]) -> dict[str, Decided[Any]]:
    return {question.unit[0]: question for question in decided}


def topic_votes(responses: Sequence[Response]) -> list[Vote[str]]:
    """Of those who chose one."""
    return [Vote(r.article_id, r.annotator, r.topic) for r in responses if r.topic is not None]


def topic_set_votes(responses: Sequence[Response]) -> list[Vote[frozenset[str]]]:
    """Of those who were asked for several, also where they found none; one topic is a set, too."""
    chosen = [(r, chosen_topics(r)) for r in responses]
    return [
        Vote(r.article_id, r.annotator, frozenset(topics))
        for r, topics in chosen
        if topics is not None
    ]


def span_votes(responses: Sequence[Response]) -> list[Vote[frozenset[Span]]]:
    """Of those who looked for spans, also where they found none."""
    return [
        Vote(r.article_id, r.annotator, frozenset(r.spans))
        for r in responses
        if r.spans is not None
    ]


def _of_annotators(group: Sequence[Response], policy: Policy) -> list[Response]:
    """Without those of adjudicators, or of them where nobody else answered."""
    return [r for r in group if r.annotator not in policy.adjudicators] or list(group)


def _value(decided: Decided[Any] | None) -> Any:
    return None if decided is None else decided.value


def _in_order(found: frozenset[Candidate] | None) -> tuple[Candidate, ...] | None:
    return None if found is None else tuple(sorted(found))


def _rule(decided: Sequence[Decided[Any] | None]) -> str:
    """A question that nobody answered is as open as a tie; of several rules that of the first
    question that more than one answered.
    """
    rules = [TIE if question is None else question.rule for question in decided]
    if TIE in rules or not rules:
        return TIE
    return next((rule for rule in rules if rule != SINGLE), SINGLE)


def _agreement(
    group: Sequence[Response], topic: Decided[Any] | None, spans: Decided[Any] | None
) -> float:
    shares = []
    if topic is not None and topic.value is not None:
        several = isinstance(topic.value, frozenset)
        given = topic_set_votes(group) if several else topic_votes(group)
        votes = [vote.value for vote in given]
        shares += [sum(vote == topic.value for vote in votes) / len(votes)] if votes else []
    if spans is not None and spans.value is not None:
        marks = [vote.value for vote in span_votes(group)]
        shares += [sum(mark == spans.value for mark in marks) / len(marks)] if marks else []
    return sum(shares) / len(shares) if shares else 0.0
