"""The memory that is foretold is that which a training takes, whatever the shape of its model."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import PROJECT
from training.instruct.base import Base
from training.instruct.memory import memory_bytes, shape_of

# Far too low an estimate lets a training begin that the machine kills; far too high refuses.
LEAST, MOST = 0.8, 1.6


@pytest.mark.long
@pytest.mark.parametrize(
    ("hidden", "inner", "layers", "checkpointing"), [(256, 2048, 4, "0"), (256, 512, 8, "0")]
)
def test_the_estimate_is_near_the_peak(
    tmp_path: Path, hidden: int, inner: int, layers: int, checkpointing: str
) -> None:
    shape = [str(hidden), str(inner), str(layers), checkpointing]
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.instruct.peak_tiny", str(tmp_path), *shape],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    foretold, peak = json.loads(done.stdout.splitlines()[-1])
    assert LEAST < foretold / peak < MOST, (foretold, peak)


def test_wider_parts_dropout_and_scores_take_more(base: Base) -> None:
    shape = shape_of(base.model, 1000)
    assert (shape.inner, shape.attention, shape.heads) == (64, 32, 2)
    plain = memory_bytes(shape, 4, 512, False)
    wider = [
        replace(shape, inner=128),
        replace(shape, dropout=True),
        replace(shape, kernel="eager"),
    ]
    assert all(memory_bytes(other, 4, 512, False) > plain for other in wider)
    less = [replace(shape, kernel="flash_attention_2"), replace(shape, item_bytes=2)]
    assert all(memory_bytes(other, 4, 512, False) < plain for other in less)
