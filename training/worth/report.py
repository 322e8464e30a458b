"""What the next labels are worth, for all labels together and for each: figures and advice."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from corpus.intervals import Interval
from training.worth.forecast import Curves, error_curves
from training.worth.measured import GOLD, Measured

# The question: so many more articles, and so many more examples of one label.
MORE, MORE_OF_A_LABEL = 100, 25
# Fewer say nothing: a share of 30 articles is known to ±18 points at best.
LEAST_EXAMPLES, LEAST_HELD_OUT = 40, 30
LEAST_OF_A_LABEL, LEAST_HELD_OUT_OF_A_LABEL = 10, 10
# A wider interval holds both "hardly anything" and "very much".
WIDEST, WIDEST_OF_A_LABEL = 0.05, 0.10
# A gain below one point is not worth a round of 25.
WORTH_IT = 0.01

Advice = Literal["label more", "enough for now", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Point:
    """The mean score of models trained on so many examples."""

    examples: int
    score: Interval


@dataclass(frozen=True, slots=True)
class LabelWorth:
    """``gain`` of F1 by ``more`` further examples of this label; None without a curve."""

    support: int
    held_out: int
    score: Interval
    gain: Interval | None
    advice: Advice
    reason: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What was measured, the law of it, and what the next articles bring.

    ``gain`` is None where nothing can be said; ``reason`` then says why. Scores are accuracy for
    one topic an article, else micro-averaged F1.
    """

    method: str
    examples: int
    held_out: int
    repeats: int
    points: list[Point]
    more: int
    gain: Interval | None
    floor: float
    exponent: float
    reason: str
    more_of_a_label: int
    labels: dict[str, LabelWorth]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def worth(measured: Measured, method: str, seed: int, examples: int | None = None) -> Worth:
    """Everything that a card says; ``examples`` where there are more than were measured with."""
    there = examples or measured.sizes[-1]
    curves = error_curves(measured, seed)
    gain = curves.gain(there, MORE)
    reason = _reason(measured, gain)
    labels = {label: _label_worth(measured, label, there, seed) for label in measured.labels}
    return Worth(
        method=method,
        examples=there,
        held_out=len(measured.ids),
        repeats=measured.repeats,
        points=_points(curves),
        more=MORE,
        gain=None if reason else gain,
        floor=float(curves.laws.floors[0]),
        exponent=float(curves.laws.exponents[0]),
        reason=reason,
        more_of_a_label=MORE_OF_A_LABEL,
        labels=dict(sorted(labels.items(), key=lambda item: -_expected(item[1]))),
    )


def statement(found: Worth, what: str) -> str:
    """One sentence for people, in points: ``accuracy`` or ``span F1`` is what rises."""
    if found.gain is None:
        return f"What the next {found.more} labels are worth cannot be told: {found.reason}."
    value, low, high = (100 * getattr(found.gain, name) for name in ("value", "low", "high"))
    return (
        f"The next {found.more} labels are worth about +{value:.1f} points of {what} "
        f"[{low:.1f}, {high:.1f}]."
    )


def _points(curves: Curves) -> list[Point]:
    return [Point(n, score) for n, score in zip(curves.sizes, curves.scores(), strict=True)]


def _reason(measured: Measured, gain: Interval) -> str:
    if measured.sizes[-1] < LEAST_EXAMPLES:
        return f"{measured.sizes[-1]} examples are too few (at least {LEAST_EXAMPLES})"
    if len(measured.ids) < LEAST_HELD_OUT:
        return f"{len(measured.ids)} held-out articles are too few (at least {LEAST_HELD_OUT})"
    if gain.high - gain.low > WIDEST:
        return f"its interval is wider than {100 * WIDEST:.0f} points"
    return ""


def _label_worth(measured: Measured, label: str, examples: int, seed: int) -> LabelWorth:
    """The curve of a label over all examples is that over its own: both grow in step."""
    column = measured.labels.index(label)
    support = measured.support[label]
    held_out = int(measured.counts[0, 0, :, column, GOLD].sum())
    curves = error_curves(measured, seed, label)
    score = curves.scores()[-1]
    if support < LEAST_OF_A_LABEL or held_out < LEAST_HELD_OUT_OF_A_LABEL:
        reason = f"{support} examples and {held_out} held out are too few"
        return LabelWorth(support, held_out, score, None, "cannot tell", reason)
    gain = curves.gain(examples, examples * MORE_OF_A_LABEL / support)
    advice, reason = _advice(gain)
    return LabelWorth(support, held_out, score, gain, advice, reason)


def _advice(gain: Interval) -> tuple[Advice, str]:
    if gain.high < WORTH_IT:
        return "enough for now", f"less than {100 * WORTH_IT:.0f} point to be had"
    if gain.high - gain.low > WIDEST_OF_A_LABEL:
        return "cannot tell", f"interval wider than {100 * WIDEST_OF_A_LABEL:.0f} points"
    if gain.low >= WORTH_IT:
        return "label more", f"at least {100 * WORTH_IT:.0f} point to be had"
    return "cannot tell", f"may be more or less than {100 * WORTH_IT:.0f} point"


def _expected(label: LabelWorth) -> float:
    return label.gain.value if label.gain else -1.0
