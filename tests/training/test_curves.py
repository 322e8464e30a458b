"""The picture of a training, and the sentence about it."""

from pathlib import Path

import pytest
from PIL import Image

from training.curves import diagnose, draw_curve
from training.results import CurvePoint


def points(
    train: list[float], validation: list[float], scores: list[float]
) -> tuple[CurvePoint, ...]:
    width = max(len(train), len(validation), len(scores))

    def at(values: list[float], i: int) -> float | None:
        return values[i] if i < len(values) else None

    return tuple(
        CurvePoint(10 * i, at(train, i), at(validation, i), at(scores, i)) for i in range(width)
    )


@pytest.mark.parametrize(
    ("curve", "examples", "says"),
    [
        (points([1, 0.5, 0.2], [1, 0.6, 0.5], [0.3, 0.7, 0.8]), 200, "Healthy"),
        (points([1, 0.5, 0.1], [0.6, 0.5, 0.7], [0.7, 0.7, 0.7]), 200, "Overfitting"),
        (points([1, 0.5, 0.1], [], [0.7, 0.9, 0.8]), 200, "Overfitting"),
        (points([1, 0.98, 0.9], [1, 1, 1], [0.3, 0.3, 0.3]), 200, "Underfitting"),
        (points([1.4, 1.2, 1.0], [1.4, 1.2, 1.1], [0, 0, 0.01]), 200, "Underfitting"),
        (points([1.4, 0.5, 0.01], [0.8, 0.8, 0.8], [0.3, 0.3, 0.3]), 200, "Overfitting"),
        (points([1, 0.5, 0.2], [1, 0.6, 0.5], [0.3, 0.7, 0.8]), 39, "Too little data: 39 examples"),
        (points([1, 0.5, 0.2], [], []), 200, "Too little data: no validation"),
    ],
    ids=[
        "healthy",
        "loss-rises",
        "score-falls",
        "underfitting",
        "hopeless",
        "by-heart",
        "few",
        "no-validation",
    ],
)
def test_diagnosis(curve: tuple[CurvePoint, ...], examples: int, says: str) -> None:
    sentence = diagnose(curve, examples)
    assert sentence.startswith(says)
    assert sentence.endswith(".")


def test_a_fall_on_few_articles_is_chance() -> None:
    fell = points([1, 0.5, 0.1], [], [0.7, 0.9, 0.8])
    assert diagnose(fell, 200, scored=16).startswith("Healthy")
    assert diagnose(fell, 200, scored=400).startswith("Overfitting")
    assert diagnose(points([1, 0.1], [], [0.9, 0.6]), 200, scored=16).startswith("Overfitting")


@pytest.mark.parametrize("scores", [[], [0.4, 0.8]])
def test_picture_has_its_size_and_is_not_blank(tmp_path: Path, scores: list[float]) -> None:
    file = tmp_path / "curve.png"
    draw_curve(points([1, 0.5], [], scores), "A model", "loss", "accuracy", file)
    with Image.open(file) as image:
        assert image.size == (1200, 700)
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24) or []) > 20


def test_the_same_points_draw_the_same_file(tmp_path: Path) -> None:
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        draw_curve(points([1, 0.5], [1, 0.6], [0.2, 0.9]), "A model", "loss", "F1", file)
    assert files[0].read_bytes() == files[1].read_bytes()
