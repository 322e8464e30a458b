"""One entity training in a process of its own: killed in a test, or launched twice by accelerate.

    python -m tests.training.train_tiny ENCODER OUTPUT EPOCHS [STEP]

At STEP of the training the process kills itself with signal 9.
"""

import os
import signal
import sys
from pathlib import Path

from corpus.settings.models import EntityModelSettings
from tests.training.conftest import reviewed, split_of, written
from training.entities.train import train_entities
from training.examples import EntityExample, entity_examples

TYPES = ["person", "place"]


def tiny_examples() -> list[EntityExample]:
    """The tiny desk, as in the fixture of that name."""
    made = []
    for number in range(48):
        topic = ("Sports", "Business")[number % 2]
        text, spans = written(topic, 1 + number // 2 % 3, number)
        made.append(reviewed(number, topic, text, spans, split_of(number // 2)))
    return entity_examples(made)


def main(encoder: str, output: str, epochs: str, die_at: str = "0") -> None:
    """Train; say where the training began and how many processes took part."""
    steps: list[int] = []

    def on_progress(step: int, _total: int) -> None:
        steps.append(step)
        if step == int(die_at):
            os.kill(os.getpid(), signal.SIGKILL)

    settings = EntityModelSettings(
        epochs=int(epochs), batch_size=4, learning_rate=5e-3, early_stopping_epochs=0
    )
    found = train_entities(
        tiny_examples(), TYPES, settings, encoder, 3, Path(output), on_progress=on_progress
    )
    if os.environ.get("RANK", "0") == "0":
        world = os.environ.get("WORLD_SIZE", "1")
        sys.stdout.write(f"first step {steps[0]}, processes {world}, {found.diagnosis}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
