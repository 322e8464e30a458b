"""Answers that a changed desk would read otherwise than they were meant: refused."""

from collections.abc import Sequence

from corpus.articles import ReviewedArticle, chosen_topics
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry


def refuse_unknown_labels(desk: Desk, reviewed: Sequence[ReviewedArticle]) -> None:
    """DeskError for gold with labels that the desk does not have."""
    topics = {t for r in reviewed for t in chosen_topics(r) or ()} - set(desk.labels.topics)
    types = {s.label for r in reviewed for s in r.spans or ()} - set(desk.labels.entities)
    if topics | types:
        raise DeskError(
            f"Articles of desk {desk.name!r} were reviewed with labels that it no longer has: "
            f"{sorted(topics | types)}.",
            "Restore them in labels:, or give the desk a new `name:` and review it anew.",
        )


def refuse_several_topics(desk: Desk, entries: Sequence[LedgerEntry]) -> None:
    """DeskError for sets where the desk asks for one topic.

    One topic counts as a set of one; what counts of a set, if one is asked for, nobody said.
    """
    sets = [e.response for e in entries if e.response.topics is not None]
    if sets and not desk.labels.several_topics:
        raise DeskError(
            f"{len(sets)} answers of desk {desk.name!r} were given when it asked for several "
            f"topics, the first {list(sets[0].topics or ())}; now labels.several_topics is false.",
            "Set labels.several_topics to true, or give the desk a new `name:` and review it anew.",
        )
