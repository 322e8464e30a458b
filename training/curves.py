"""The learning curve: a picture, and one sentence that says what it shows."""

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from training.results import CurvePoint

# What is called "few" here is a rule of thumb for fine-tuning an encoder, not a law.
FEW_EXAMPLES = 40
OVERFITTING_RISE = 1.15
OVERFITTING_FALL = 0.05
UNDERFITTING_SHARE = 0.8
HOPELESS_SCORE = 0.05
BY_HEART_SHARE, STUCK_SHARE = 0.2, 0.9


def draw_curve(
    points: Sequence[CurvePoint],
    title: str,
    loss_name: str,
    score_name: str,
    file: Path,
    diagnosis: str = "",
) -> None:
    """Draw losses and validation score over steps into a PNG of 1200 × 700 pixels.

    ``diagnosis`` is the sentence of ``diagnose``, which stands below the title.
    """
    figure, losses = pyplot.subplots(figsize=(12, 7), dpi=100)
    _draw_losses(losses, points, loss_name)
    handles = losses.get_legend_handles_labels()[0]
    if series(points, "validation_score"):
        scores = losses.twinx()
        _draw_scores(scores, points, score_name)
        handles += scores.get_legend_handles_labels()[0]
    losses.set_title(f"{title}\n{diagnosis}" if diagnosis else title)
    losses.grid(alpha=0.3)
    # Below the axes it hides no line, wherever the lines run.
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    # Without the name of the software, the same curve is the same file.
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)


def diagnose(points: Sequence[CurvePoint], examples: int, scored: int | None = None) -> str:
    """One sentence on what the curve shows, by the rules below in this order.

    ``scored``: of so few articles the validation score is that a fall may be chance; then two
    standard errors of a share, at most 1/√scored, have to be exceeded.

    Too little data: under 40 examples, or nothing to validate on. Underfitting: the validation
    score stays below 0.05. Overfitting: validation loss ends more than 15 % above its minimum, or
    the validation score ends more than 0.05 below its maximum, or training loss ends below 20 % of
    its start and validation loss above 90 % of its own. Underfitting: training loss ends above 80 %
    of its start. Else healthy.
    """
    losses = [value for _, value in series(points, "train_loss")]
    validation = [value for _, value in series(points, "validation_loss")]
    scores = [value for _, value in series(points, "validation_score")]
    if examples < FEW_EXAMPLES:
        return f"Too little data: {examples} examples; review more before trusting this model."
    if not scores:
        return "Too little data: no validation article, so the curve shows training loss only."
    if max(scores) < HOPELESS_SCORE:
        return (
            f"Underfitting: the validation score stays at {max(scores):.2f}; train for more steps, "
            "check the labels, or review more."
        )
    if validation and validation[-1] > OVERFITTING_RISE * min(validation):
        return "Overfitting: validation loss rises again; train for fewer steps or review more."
    by_chance = 1 / math.sqrt(scored) if scored else 0.0
    if scores[-1] < max(scores) - max(OVERFITTING_FALL, by_chance):
        return "Overfitting: the validation score falls again; train for fewer steps."
    if _learns_by_heart(losses, validation):
        return "Overfitting: training loss falls and validation loss does not; review more."
    if len(losses) > 1 and losses[-1] > UNDERFITTING_SHARE * losses[0]:
        return "Underfitting: training loss hardly falls; train for more steps."
    return "Healthy: training loss falls, and validation does not turn against it."


def _learns_by_heart(losses: Sequence[float], validation: Sequence[float]) -> bool:
    if len(losses) < 2 or len(validation) < 2:
        return False
    return losses[-1] < BY_HEART_SHARE * losses[0] and validation[-1] > STUCK_SHARE * validation[0]


def series(points: Sequence[CurvePoint], name: str) -> list[tuple[int, float]]:
    """Step and value of one line of the curve, where it was measured."""
    values = [(point.step, getattr(point, name)) for point in points]
    return [(step, value) for step, value in values if value is not None]


def _draw_losses(axes: Axes, points: Sequence[CurvePoint], loss_name: str) -> None:
    for name, style, label in (
        ("train_loss", "-", f"training: {loss_name}"),
        ("validation_loss", "--", f"validation: {loss_name}"),
    ):
        xy = series(points, name)
        if xy:
            axes.plot(*zip(*xy, strict=True), style, marker="o", markersize=4, label=label)
    axes.set_xlabel("optimiser step")
    axes.set_ylabel(loss_name)
    axes.set_ylim(bottom=0)


def _draw_scores(axes: Axes, points: Sequence[CurvePoint], score_name: str) -> None:
    xy = series(points, "validation_score")
    axes.plot(*zip(*xy, strict=True), color="tab:green", marker="s", label=score_name)
    axes.set_ylabel("validation score")
    axes.set_ylim(0, 1.02)
