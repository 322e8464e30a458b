"""Where a desk keeps its state, and the gold it derives from it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from corpus.adjudication import Tally, adjudication_ledger, adjudicators_of, open_tallies
from corpus.articles import Article, Split
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold, build_gold, left_by_annotators
from corpus.instruct.answers import Questions
from corpus.instruct.corrections import Corrections, resolve_corrections
from corpus.instruct.opinions import AnswerReview, answers_ledger, read_answer_review
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.secret import desk_secret
from corpus.statements import StatementKey, current_statements


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The state of a review: gold, the answers that count now, and what annotators read.

    ``secret`` hides who the annotators are in what is published.
    """

    gold: Gold
    answers: tuple[LedgerEntry, ...]
    simulated: frozenset[StatementKey]
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


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a ledger and that of models' answers beside it come to.

    ``entries`` are the answers of annotators that ``gold`` was made of: a pull may append others at
    any time.
    """

    gold: Gold
    entries: tuple[LedgerEntry, ...]
    review: AnswerReview
    corrections: Corrections


def resolve_ledger(desk: Desk, ledger: Ledger) -> Resolved:
    """Gold of everything in the ledgers, and what became of the corrections."""
    review, splits = read_answer_review(answers_ledger(ledger)), ledger.splits()
    final, entries = adjudication_ledger(ledger).entries(), tuple(ledger.entries())
    gold = build_gold(
        desk,
        ledger.articles(),
        [*entries, *final],
        splits,
        ledger.simulated(),
        _learned(review, splits),
        adjudicators_of(final),
    )
    found = resolve_corrections(desk, review, gold.reviewed, splits, desk_questions(desk))
    # Others wait for answers pull, which gives their article its split for good.
    corrected = tuple(c for c in found.used if c.article.id in splits)
    return Resolved(replace(gold, corrected=corrected), entries, review, found)


def find_open(desk: Desk, resolved: Resolved) -> dict[str, Tally]:
    """Article id → what annotators left open, whatever adjudicators have decided since."""
    left = left_by_annotators(desk, resolved.gold, resolved.entries)
    return open_tallies(left, resolved.entries, desk.labels)


def _learned(review: AnswerReview, splits: Mapping[str, Split]) -> list[Article]:
    """Articles that models learn from by their corrections, each with its split."""
    return [review.articles[i] for i in sorted(review.article_ids()) if i in splits]


def desk_questions(desk: Desk) -> Questions:
    """What an instruction model of this desk is asked."""
    return Questions(tuple(desk.labels.topics), tuple(desk.labels.entities))


def read_gold(desk: Desk) -> Gold:
    """Gold of everything pulled so far. Raises DeskError before the first reviewed article."""
    return read_resolved(desk).gold


def read_resolved(desk: Desk) -> Resolved:
    """``read_gold`` with what it was made of."""
    resolved = resolve_ledger(desk, open_ledger(desk))
    gold = resolved.gold
    if not gold.reviewed:
        raise DeskError(
            f"Desk {desk.name!r} has no reviewed article yet "
            f"({gold.answers} answers, {gold.waiting} articles wait for more).",
            "Answer records in Argilla, then run copydesk pull.",
        )
    return resolved


def read_reviewed(desk: Desk) -> Reviewed:
    """Gold with the answers behind it. Raises DeskError before the first reviewed article."""
    resolved, ledger = read_resolved(desk), open_ledger(desk)
    answers = current_statements(resolved.entries)
    return Reviewed(
        gold=resolved.gold,
        answers=tuple(answers[key] for key in sorted(answers)),
        simulated=frozenset(ledger.simulated()),
        guidelines=ledger.guidelines(),
        secret=desk_secret(ledger),
    )
