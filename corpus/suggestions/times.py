"""How long an answer takes, from the time since the same person's last one.

Argilla notes when a response was made and last changed, not when its record was opened. So the
time of an answer is the gap to the same annotator's statement before it, of any kind. That holds
reading, thinking and whatever else was done in between; a gap above ``LONGEST_SECONDS`` is a break
and counts for nothing, and so does one under ``SHORTEST_SECONDS``: many records that were answered
at one stroke (Argilla's bulk view, a script). An answer that was edited before the first pull
stands at the time of the edit. Answers of simulated reviewers have no time.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from corpus.intervals import RESAMPLES, Interval
from corpus.ledger_rows import LedgerEntry
from corpus.statements import StatementKey
from corpus.suggestions.acceptance import mean_of_articles

LONGEST_SECONDS = 300.0
SHORTEST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Times:
    """Mean seconds of an answer beside suggestions and of a blind one.

    ``breaks`` and ``strokes`` count gaps left out as too long and too short.
    """

    longest_seconds: float
    shown: int
    shown_seconds: Interval | None
    blind: int
    blind_seconds: Interval | None
    breaks: int
    strokes: int


def measure_times(
    entries: Sequence[LedgerEntry],
    simulated: Collection[StatementKey],
    seed: int,
    resamples: int = RESAMPLES,
) -> Times:
    """Of all statements that a ledger ever held, also of those edited since.

    An edit, a draft and a discard end a gap; only first submitted answers have a time.
    """
    gaps = answer_gaps(entries, simulated)
    timed = [(e, s) for e, s in gaps if SHORTEST_SECONDS <= s <= LONGEST_SECONDS]
    shown = [(e, s) for e, s in timed if was_shown(e)]
    blind = [(e, s) for e, s in timed if e.blind]
    return Times(
        longest_seconds=LONGEST_SECONDS,
        shown=len(shown),
        shown_seconds=_mean(shown, seed, resamples),
        blind=len(blind),
        blind_seconds=_mean(blind, seed, resamples),
        breaks=sum(s > LONGEST_SECONDS for _, s in gaps),
        strokes=sum(s < SHORTEST_SECONDS for _, s in gaps),
    )


def was_shown(entry: LedgerEntry) -> bool:
    """Whether a suggestion stood beside the answer."""
    shown = entry.shown()
    return not entry.blind and (shown.said_topics() is not None or shown.spans is not None)


def answer_gaps(
    entries: Sequence[LedgerEntry], simulated: Collection[StatementKey]
) -> list[tuple[LedgerEntry, float]]:
    """First submitted answers with the seconds since the same person's statement before, of any
    length; those of simulated reviewers, and what a person said first of all, have none.
    """
    people: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.status != "deleted" and entry.key not in simulated:
            people[entry.response.annotator].append(entry)
    found = []
    for said in people.values():
        answered: set[StatementKey] = set()
        said.sort(key=lambda entry: entry.answered_at)
        for before, entry in pairwise([said[0], *said]):
            if entry.status == "submitted" and entry.key not in answered:
                answered.add(entry.key)
                if before is not entry:
                    gap = entry.answered_at - before.answered_at
                    found.append((entry, gap.total_seconds()))
    return found


def _mean(timed: Sequence[tuple[LedgerEntry, float]], seed: int, resamples: int) -> Interval | None:
    articles = np.array([entry.response.article_id for entry, _ in timed], dtype=object)
    seconds = np.array([seconds for _, seconds in timed], dtype=float)
    return mean_of_articles(articles, seconds, seed, resamples)
