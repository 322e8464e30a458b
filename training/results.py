"""What a training gives back, whatever was trained."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
    """A model folder and how it came about; ``cpu_seconds`` are those of all cores.

    ``stages``: of a training in several, the wall_seconds and cpu_seconds of each by its name.
    """

    folder: Path
    kind: Literal["topics", "entities", "instructions"]
    curve: tuple[CurvePoint, ...]
    curve_png: Path
    diagnosis: str
    examples: int
    seconds: float
    cpu_seconds: float
    seed: int
    settings: dict[str, Any]
    environment: dict[str, str] = field(default_factory=lambda: environment())
    stages: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Started when made; counts this process with its threads, not its children."""

    started: float = field(default_factory=time.monotonic)
    cpu_started: float = field(default_factory=time.process_time)

    def seconds(self) -> float:
        """Seconds by the clock."""
        return round(time.monotonic() - self.started, 1)

    def cpu_seconds(self) -> float:
        """CPU seconds of all cores."""
        return round(time.process_time() - self.cpu_started, 1)


LIBRARIES = ("torch", "transformers", "sentence-transformers", "setfit", "datasets")


def environment() -> dict[str, str]:
    """Where a training runs: system, cores, versions. Nothing that names the machine."""
    return {
        "System": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }
