"""How a desk decides: its rule (``review.rule``) on answers of its ledger."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from corpus.desk import Desk
from corpus.ledger_rows import LedgerEntry
from corpus.resolve import Resolution, resolve_articles
from corpus.votes.rules import Policy


def policy_of(desk: Desk, adjudicators: Collection[str] = ()) -> Policy:
    """How the desk decides; ``adjudicators`` are names in its ledger."""
    review = desk.review
    return Policy(
        review.rule,
        frozenset(review.trusted),
        frozenset(adjudicators),
        overlaps=desk.labels.overlapping,
    )


def by_article(entries: Iterable[LedgerEntry]) -> dict[str, list[LedgerEntry]]:
    """Article id → its answers, in their order."""
    groups: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.response.article_id].append(entry)
    return groups


def resolve_entries(
    desk: Desk, groups: Mapping[str, Sequence[LedgerEntry]], adjudicators: Collection[str]
) -> dict[str, Resolution]:
    """Article id → what its submitted answers come to by the desk's rule. Dawid-Skene learns from
    these articles alone: of others the answers may still change.
    """
    policy = policy_of(desk, adjudicators)
    answers = {i: [e.response for e in groups[i]] for i in sorted(groups)}
    labels = desk.labels
    return resolve_articles(
        answers, bool(labels.topics), bool(labels.entities), policy, labels.several_topics
    )
