"""Where a desk keeps its state, and the gold it derives from it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold, build_gold
from corpus.ledger import AnswerKey, Ledger, LedgerEntry, current_entries
from corpus.secret import desk_secret


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The state of a review: gold, the answers that count now, and what annotators read.

    ``secret`` hides who the annotators are in what is published.
    """

    gold: Gold
    answers: tuple[LedgerEntry, ...]
    simulated: frozenset[AnswerKey]
    guidelines: Mapping[str, str]
    secret: bytes = field(repr=False)


def copydesk_home() -> str:
    """COPYDESK_HOME, by default .copydesk in the current folder."""
    return os.path.abspath(os.environ.get("COPYDESK_HOME") or ".copydesk")


def open_ledger(desk: Desk) -> Ledger:
    """The desk's ledger behind its ``state:`` address."""
    if "{home}" in desk.state:
        # Texts and answers are nobody else's business.
        with suppress(OSError):
            os.makedirs(copydesk_home(), mode=0o700, exist_ok=True)
    return Ledger(desk.state.replace("{home}", copydesk_home()), desk.name)


def resolve_ledger(desk: Desk, ledger: Ledger) -> Gold:
    """Gold of everything in a ledger."""
    return build_gold(
        desk, ledger.articles(), ledger.entries(), ledger.splits(), ledger.simulated()
    )


def read_gold(desk: Desk) -> Gold:
    """Gold of everything pulled so far. Raises DeskError before the first reviewed article."""
    ledger = open_ledger(desk)
    gold = resolve_ledger(desk, ledger)
    if not gold.reviewed:
        raise DeskError(
            f"Desk {desk.name!r} has no reviewed article yet "
            f"({gold.answers} answers, {gold.waiting} articles wait for more).",
            "Answer records in Argilla, then run copydesk pull.",
        )
    return gold


def read_reviewed(desk: Desk) -> Reviewed:
    """Gold with the answers behind it. Raises DeskError before the first reviewed article."""
    gold, ledger = read_gold(desk), open_ledger(desk)
    answers = current_entries(ledger.entries())
    return Reviewed(
        gold=gold,
        answers=tuple(answers[key] for key in sorted(answers)),
        simulated=frozenset(ledger.simulated()),
        guidelines=ledger.guidelines(),
        secret=desk_secret(ledger),
    )
