"""SFT on a tiny model, also in several processes; GRPO in one that kills itself with signal 9.

python -m tests.training.instruct.tune_tiny BASE OUTPUT
python -m tests.training.instruct.tune_tiny BASE SFT OUTPUT STEP
"""

import json
import os
import signal
import sys
from pathlib import Path

from corpus.instruct.answers import Questions
from corpus.settings.instructions import GrpoSettings
from tests.training.instruct.tiny import SETTINGS, tiny_pairs
from training.entities.fit import is_main_process, processes
from training.instruct.base import load_base
from training.instruct.grpo import Start, train_with_rewards
from training.instruct.train import train_instructions
from training.results import Progress, TrainedModel

BASE = "a/tiny"
PAIRS = tiny_pairs(Questions(("Sports", "Business")))
# SFT learns enough, and answers are drawn near enough, that some are worth more than others.
LEARN = {"max_steps": 60, "learning_rate": 0.03, "lora_rank": 8, "epochs": 100, "evaluations": 1}
GRPO = GrpoSettings(
    enabled=True, max_steps=5, prompts=2, answers=4, learning_rate=1e-3, temperature=0.4
)
TUNED = SETTINGS.model_copy(update={**LEARN, "max_new_tokens": 12, "grpo": GRPO})


def teach(base: str, output: Path) -> TrainedModel:
    """SFT alone."""
    return train_instructions(PAIRS, load_base(base, BASE), TUNED, 1, output)


def tune(base: str, sft: Path, output: Path, on_progress: Progress | None = None) -> TrainedModel:
    """GRPO from there."""
    start = Start(sft, {"lora_rank": TUNED.lora_rank})
    return train_with_rewards(PAIRS, load_base(base, BASE), start, TUNED, 1, output, on_progress)


def die_at(last: int) -> Progress:
    """Kills its process at this step, before the step's checkpoint."""

    def progress(step: int, _: int) -> None:
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


if __name__ == "__main__":
    if len(sys.argv) == 3:
        learned = teach(sys.argv[1], Path(sys.argv[2]))
        if is_main_process():
            sys.stdout.write(json.dumps([processes(), learned.curve[-1].validation_score]))
    else:
        tune(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), die_at(int(sys.argv[4])))
