"""A GRPO training is told together with the SFT that it went on from: seconds, pictures, words."""

import shutil
from dataclasses import replace
from pathlib import Path

from flows.model_store import StoredModel
from publishing.parts import REWARDS_PICTURE
from training.results import TrainedModel


def with_sft(tuned: TrainedModel, sft: StoredModel, folder: Path) -> TrainedModel:
    """The curve of SFT is the learning curve; that of rewards goes beside the model ``folder``."""
    shutil.move(tuned.curve_png, folder.with_name(REWARDS_PICTURE))
    curve_png = folder / "learning_curve.png"
    shutil.copy(sft.folder / "learning_curve.png", curve_png)
    before, mine = sft.training, (tuned.seconds, tuned.cpu_seconds)
    stages = {"SFT": (before["seconds"], before["cpu_seconds"]), "GRPO": mine}
    return replace(
        tuned,
        curve_png=curve_png,
        diagnosis=f"SFT: {before['diagnosis']} GRPO: {tuned.diagnosis}",
        seconds=round(sum(wall for wall, _ in stages.values()), 1),
        cpu_seconds=round(sum(cpu for _, cpu in stages.values()), 1),
        stages={n: {"wall_seconds": w, "cpu_seconds": c} for n, (w, c) in stages.items()},
    )
