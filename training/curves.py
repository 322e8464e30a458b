"""The learning curve: a picture, and one sentence that says what it shows."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from training.results import CurvePoint

# What is called "few" here is a rule of thumb for fine-tuning an encoder, not a law.
FEW_EXAMPLES = 40
OVERFITTING_RISE = 1.15
UNDERFITTING_SHARE = 0.8


def draw_curve(
    points: Sequence[CurvePoint], title: str, loss_name: str, score_name: str, file: Path
) -> None:
    """Draw losses and validation score over steps into a PNG of 1200 × 700 pixels."""
    figure, losses = pyplot.subplots(figsize=(12, 7), dpi=100)
    for name, style, label in (
        ("train_loss", "-", f"training: {loss_name}"),
        ("validation_loss", "--", f"validation: {loss_name}"),
    ):
        xy = series(points, name)
        if xy:
            losses.plot(*zip(*xy, strict=True), style, marker="o", markersize=4, label=label)
    losses.set_xlabel("optimiser step")
    losses.set_ylabel(loss_name)
    losses.set_ylim(bottom=0)
    scored = series(points, "validation_score")
    if scored:
        scores = losses.twinx()
        scores.plot(*zip(*scored, strict=True), color="tab:green", marker="s", label=score_name)
        scores.set_ylabel(score_name)
        scores.set_ylim(0, 1)
        handles = [*losses.get_legend_handles_labels()[0], *scores.get_legend_handles_labels()[0]]
        losses.legend(handles=handles, loc="lower left")
    else:
        losses.legend(loc="lower left")
    losses.set_title(title)
    losses.grid(alpha=0.3)
    figure.tight_layout()
    # Without a date in it, the same curve is the same file.
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)


def diagnose(points: Sequence[CurvePoint], examples: int) -> str:
    """One sentence on what the curve shows, by the rules below in this order.

    Too little data: under 40 examples, or nothing to validate on. Overfitting: validation loss
    ends more than 15 % above its minimum. Underfitting: training loss ends above 80 % of its
    start. Else healthy.
    """
    losses = [value for _, value in series(points, "train_loss")]
    validation = [value for _, value in series(points, "validation_loss")]
    scored = series(points, "validation_score")
    if examples < FEW_EXAMPLES:
        return f"Too little data: {examples} examples; review more before trusting this model."
    if not scored:
        return "Too little data: no validation article, so the curve shows training loss only."
    if validation and validation[-1] > OVERFITTING_RISE * min(validation):
        return "Overfitting: validation loss rises again; train for fewer steps or review more."
    if len(losses) > 1 and losses[-1] > UNDERFITTING_SHARE * losses[0]:
        return "Underfitting: training loss hardly falls; train for more steps."
    return "Healthy: training loss falls, and validation does not turn against it."


def series(points: Sequence[CurvePoint], name: str) -> list[tuple[int, float]]:
    """Step and value of one line of the curve, where it was measured."""
    values = [(point.step, getattr(point, name)) for point in points]
    return [(step, value) for step, value in values if value is not None]
