"""The reward curve of GRPO: a picture, and one sentence that says what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

# Steps at either end that are compared: single steps are of few prompts.
ENDS = 0.2
WINDOW = 5


@dataclass(frozen=True, slots=True)
class RewardPoint:
    """Means over the answers of one step: ``total`` weighted, ``each`` in [0, 1], ``kl`` in nats
    from the SFT model.
    """

    step: int
    total: float
    kl: float
    each: Mapping[str, float]


def draw_rewards(points: Sequence[RewardPoint], file: Path) -> None:
    """Every reward over steps, as running means, into a PNG of 1200 × 700 pixels."""
    figure, axes = pyplot.subplots(figsize=(12, 7), dpi=100)
    steps = [p.step for p in points]
    for name in points[0].each if points else ():
        values = running_mean([p.each[name] for p in points])
        axes.plot(steps, values, label=name.replace("_", " "))
    axes.set_xlabel("GRPO step")
    axes.set_ylabel(f"mean reward of the answers drawn ({WINDOW} steps)")
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
    right = axes.twinx()
    right.plot(steps, [p.kl for p in points], ":", color="tab:gray", label="divergence from SFT")
    right.set_ylabel("divergence in nats a token")
    right.set_ylim(bottom=0)
    axes.set_title(f"Rewards during GRPO\n{say_rewards(points)}")
    handles = axes.get_legend_handles_labels()[0] + right.get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)


def say_rewards(points: Sequence[RewardPoint]) -> str:
    """From the first fifth of the steps to the last; whether it is a gain, the test says."""
    if len(points) < 2:
        return "Too few steps to see a change of rewards."
    ends = max(1, int(len(points) * ENDS))
    first, last = mean(p.total for p in points[:ends]), mean(p.total for p in points[-ends:])
    way = "rises" if last > first else "falls" if last < first else "stays"
    return (
        f"The mean reward {way}, {first:.2f} → {last:.2f} (first and last {ends} steps); whether "
        "that is a gain, the test says."
    )


def running_mean(values: Sequence[float]) -> list[float]:
    """Of each value and up to WINDOW − 1 before it."""
    return [mean(values[max(0, i - WINDOW + 1) : i + 1]) for i in range(len(values))]
