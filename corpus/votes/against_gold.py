"""How right a rule is, against gold, with intervals over items.

What a tie counts is a convention, so all three are told:

- ``drawn``: as if it were drawn by lot, on the mean of all draws. Of k equal labels with the gold
  among them 1/k is right; a span with half of the votes counts one half, and a set with k such
  spans is the gold in one draw of 2**k, if it can be.
- ``left_out``: only what was decided is compared.
- ``wrong``: a label is missed; of spans nothing is found in the whole question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.intervals import RESAMPLES, Interval
from corpus.votes.decided import Decided
from corpus.votes.figures import item_totals, part_of, to_figure
from corpus.votes.vote import Candidate, Unit

DRAWN, LEFT_OUT, WRONG = "drawn", "left_out", "wrong"
TIES = (DRAWN, LEFT_OUT, WRONG)
Scores = Mapping[str, Mapping[str, Interval | None]]
# Of an item that is right, and of one that is wrong: as ``_exact`` has them.
RIGHT, NOT_RIGHT = (1.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class AgainstGold:
    """``scores``: what a tie counts → name → figure, None where it is not defined: nothing was
    said, or there was nothing to find. ``compared`` questions have a gold, ``without_gold`` have
    none and are left out.
    """

    compared: int
    without_gold: int
    ties: int
    scores: Scores


def score_choices(
    decided: Sequence[Decided[str]], gold: Mapping[Unit, str], seed: int, resamples: int = RESAMPLES
) -> AgainstGold:
    """Accuracy. Raises ValueError where no question has a gold."""
    known = [d for d in decided if d.unit in gold]
    rows = [_exact(d, gold[d.unit], _by_lot(d, gold[d.unit])) for d in known]
    totals = _drawn(known, rows, [RIGHT, NOT_RIGHT], seed, resamples)
    return _against(known, decided, totals, _of_questions)


def score_sets(
    decided: Sequence[Decided[frozenset[Candidate]]],
    gold: Mapping[Unit, frozenset[Candidate]],
    seed: int,
    resamples: int = RESAMPLES,
) -> AgainstGold:
    """Accuracy (a question answered exactly as gold); precision, recall and F1 of exact marks, over
    all of them. ValueError likewise.
    """
    known = [d for d in decided if d.unit in gold]
    rows = [_set_row(d, gold[d.unit]) for d in known]
    marks = [float(len(gold[d.unit])) for d in known if gold[d.unit]] or [1.0]
    usual = sum(marks) / len(marks)
    right = (*RIGHT, usual, usual, usual, 0.0, 0.0, 0.0)
    wrong = (*NOT_RIGHT, 0.0, usual, usual, 0.0, 0.0, 0.0)
    return _against(known, decided, _drawn(known, rows, [right, wrong], seed, resamples), _of_sets)


def _exact(decided: Decided[Any], gold: Any, by_lot: float) -> tuple[float, ...]:
    """Right as decided, right by lot, decided at all, and one question."""
    return (float(decided.value == gold), by_lot, float(decided.value is not None), 1.0)


def _by_lot(decided: Decided[str], gold: str) -> float:
    return 1 / len(decided.tied) if gold in decided.tied else 0.0


def _set_by_lot(decided: Decided[frozenset[Candidate]], gold: frozenset[Candidate]) -> float:
    if decided.value is not None:
        return 0.0
    sure = _sure(decided)
    return 0.5 ** len(decided.tied) if sure <= gold <= sure | set(decided.tied) else 0.0


def _set_row(decided: Decided[frozenset[Candidate]], gold: frozenset[Candidate]) -> list[float]:
    return [*_exact(decided, gold, _set_by_lot(decided, gold)), *_set_columns(decided, gold)]


def _set_columns(
    decided: Decided[frozenset[Candidate]], gold: frozenset[Candidate]
) -> tuple[float, ...]:
    if decided.value is not None:
        return (len(decided.value & gold), len(decided.value), len(gold), 0.0, 0.0, 0.0)
    sure, tied = _sure(decided), set(decided.tied)
    hit = len(sure & gold) + len(tied & gold) / 2
    return (0.0, 0.0, 0.0, hit, len(sure) + len(tied) / 2, len(gold))


def _sure(decided: Decided[frozenset[Candidate]]) -> set[Candidate]:
    """What belongs to a tied set however its lots fall."""
    return {c for c, p in decided.probabilities.items() if p > 0.5 and c not in decided.tied}


def _of_questions(totals: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    right, drawn, resolved, n = totals.T
    return {
        DRAWN: {"accuracy": part_of(right + drawn, n)},
        LEFT_OUT: {"accuracy": part_of(right, resolved)},
        WRONG: {"accuracy": part_of(right, n)},
    }


def _of_sets(totals: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    exact = _of_questions(totals[:, :4])
    hit, said, real, drawn_hit, drawn_said, open_real = totals[:, 4:].T
    marks = {
        DRAWN: _of_marks(hit + drawn_hit, said + drawn_said, real + open_real),
        LEFT_OUT: _of_marks(hit, said, real),
        WRONG: _of_marks(hit, said, real + open_real),
    }
    return {ties: {**exact[ties], **marks[ties]} for ties in TIES}


def _of_marks(hit: np.ndarray, said: np.ndarray, real: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "precision": part_of(hit, said),
        "recall": part_of(hit, real),
        "f1": part_of(2 * hit, said + real),
    }


def _drawn(
    known: Sequence[Decided[Any]],
    rows: Sequence[Sequence[float]],
    added: Sequence[Sequence[float]],
    seed: int,
    resamples: int,
) -> np.ndarray:
    if not known:
        raise ValueError("no question that was decided has a gold")
    items = [decided.unit[0] for decided in known]
    return item_totals(items, np.array(rows, dtype=float), np.array(added), seed, resamples)


def _against(
    known: Sequence[Decided[Any]],
    decided: Sequence[Decided[Any]],
    totals: np.ndarray,
    scores: Callable[[np.ndarray], dict[str, dict[str, np.ndarray]]],
) -> AgainstGold:
    return AgainstGold(
        compared=len(known),
        without_gold=len(decided) - len(known),
        ties=sum(d.value is None for d in known),
        scores={
            ties: {name: to_figure(values) for name, values in named.items()}
            for ties, named in scores(totals).items()
        },
    )
