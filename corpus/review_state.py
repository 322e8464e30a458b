"""Where a desk keeps its state, and the gold it derives from it."""

import os

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold, build_gold
from corpus.ledger import Ledger


def copydesk_home() -> str:
    """COPYDESK_HOME, by default .copydesk in the current folder."""
    return os.path.abspath(os.environ.get("COPYDESK_HOME") or ".copydesk")


def open_ledger(desk: Desk) -> Ledger:
    """The desk's ledger behind its ``state:`` address."""
    return Ledger(desk.state.replace("{home}", copydesk_home()), desk.name)


def read_gold(desk: Desk) -> Gold:
    """Gold of everything pulled so far. Raises DeskError before the first reviewed article."""
    ledger = open_ledger(desk)
    gold = build_gold(desk, ledger.articles(), ledger.entries(), ledger.splits())
    if not gold.reviewed:
        raise DeskError(
            f"Desk {desk.name!r} has no reviewed article yet "
            f"({gold.answers} answers, {gold.waiting} articles wait for more).",
            "Answer records in Argilla, then run copydesk pull.",
        )
    return gold
