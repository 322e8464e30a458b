"""What a training gives back, whatever was trained."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of the learning curve; None where nothing was measured at this step."""

    step: int
    train_loss: float | None = None
    validation_loss: float | None = None
    validation_score: float | None = None


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model folder and how it came about. ``seconds`` are wall clock seconds."""

    folder: Path
    kind: Literal["topics", "entities"]
    curve: tuple[CurvePoint, ...]
    curve_png: Path
    diagnosis: str
    examples: int
    seconds: float
    seed: int
    settings: dict[str, Any]
