"""A small training with checkpoints, which test_topics_resume runs as a process and kills."""

import sys
import time
from pathlib import Path

from corpus.settings.models import FineTuneSettings, TopicModelSettings
from tests.training.conftest import tiny_articles
from training.classification.train import train_topics
from training.examples import topic_examples
from training.results import Progress, TrainedModel

SETTINGS = {
    "max_steps": 24,
    "pairs_per_example": 50,
    "batch_size": 8,
    "frozen_layers": 1,
    "fine_tune": FineTuneSettings(epochs=6, batch_size=8, learning_rate=1e-3, frozen_layers=1),
}


def train(
    encoder: str, method: str, folder: Path, on_progress: Progress | None = None, seed: int = 3
) -> TrainedModel:
    """The training; its checkpoints lie in ``folder``/checkpoints."""
    return train_topics(
        topic_examples(tiny_articles()),
        ["Sports", "Business"],
        TopicModelSettings(method=method, **SETTINGS),
        encoder,
        seed,
        folder / "model",
        on_progress,
        checkpoints=folder / "checkpoints",
    )


def latest_checkpoint(folder: Path) -> Path | None:
    """A checkpoint that is written to the end, read without touching any."""
    for state in folder.glob("checkpoint-*/trainer_state.json"):
        # The last key of the file closes it.
        if state.read_text(encoding="utf-8").rstrip().endswith("}"):
            return state.parent
    return None


if __name__ == "__main__":
    # Slow steps, so that the kill comes between two of them.
    train(sys.argv[1], sys.argv[2], Path(sys.argv[3]), lambda *_: time.sleep(0.3))
