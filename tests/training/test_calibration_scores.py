"""Calibration error and slices on predictions whose truth is known."""

import json

import numpy as np
import pytest

from training.evaluation.calibration import CalibrationScores, score_calibration
from training.evaluation.counts import topic_counts
from training.evaluation.slices import SliceScores, score_slices

TOPICS = ["World", "Sports"]


def overconfident(n: int, by: float, seed: int, resamples: int = 200) -> CalibrationScores:
    """Probabilities that promise so much more than comes true."""
    dice = np.random.default_rng(seed)
    promised = dice.uniform(0.6, 1, n)
    right = dice.random(n) < promised - by
    found = score_calibration(promised.tolist(), right.tolist(), range(n), seed, resamples)
    assert found is not None
    return found


def test_the_error_is_the_mean_distance_over_bins_of_as_many_predictions() -> None:
    promised = [0.6] * 10 + [0.9] * 10
    right = [True] * 5 + [False] * 5 + [True] * 10
    found = score_calibration(promised, right, range(20), seed=0)
    assert found is not None
    assert found.error.value == pytest.approx((0.1 + 0.1) / 2)
    assert [(b.n, b.confidence, b.accuracy.value) for b in found.bins] == [
        (10, pytest.approx(0.6), 0.5),
        (10, pytest.approx(0.9), 1.0),
    ]
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


@pytest.mark.parametrize("right", [True, False])
def test_no_rate_of_a_few_predictions_looks_certain(right: bool) -> None:
    found = score_calibration(np.linspace(0.5, 0.9, 120).tolist(), [right] * 120, range(120), 0)
    assert found is not None
    for part in found.bins:
        rate = part.accuracy
        assert (part.n, rate.value) == (12, right)
        # The rule of three: about three of them wide.
        assert 2 / 12 < rate.high - rate.low < 4 / 12


@pytest.mark.parametrize("by", [0.0, 0.1])
def test_the_interval_covers_the_true_error(by: float) -> None:
    found = [overconfident(400, by, seed).error for seed in range(60)]
    assert sum(i.low <= by <= i.high for i in found) >= 51
    assert all(0 <= i.low <= i.value <= i.high for i in found)


def test_right_probabilities_stay_below_what_chance_shows() -> None:
    found = [overconfident(300, 0, seed) for seed in range(60)]
    assert sum(part.error.value <= part.chance for part in found) >= 54
    wrong = overconfident(300, 0.25, seed=1)
    assert wrong.error.value > wrong.chance and wrong.error.low > 0


def test_spans_of_one_article_are_drawn_together() -> None:
    """Ten equal predictions an article say no more than one: the interval stays as wide."""
    dice = np.random.default_rng(2)
    promised = dice.uniform(0.5, 1, 60)
    right = dice.random(60) < promised - 0.2
    one = score_calibration(promised.tolist(), right.tolist(), range(60), seed=3)
    many = score_calibration(
        np.repeat(promised, 10).tolist(),
        np.repeat(right, 10).tolist(),
        np.repeat(np.arange(60), 10).tolist(),
        seed=3,
    )
    assert one is not None and many is not None
    narrow = score_calibration(np.repeat(promised, 10), np.repeat(right, 10), range(600), seed=3)
    assert narrow is not None

    def width(found: CalibrationScores) -> float:
        return found.error.high - found.error.low

    assert width(many) > 2 * width(narrow)


def test_few_predictions_have_no_calibration() -> None:
    assert score_calibration([0.9] * 19, [True] * 19, range(19), seed=0) is None
    assert score_calibration([], [], [], seed=0) is None


def slices(facts: list[dict[str, object]], right: list[bool]) -> list[SliceScores]:
    gold = ["World"] * len(facts)
    said = ["World" if is_right else "Sports" for is_right in right]
    return score_slices(topic_counts(gold, said, TOPICS), facts, seed=0, resamples=100)


def test_each_slice_has_its_own_score_and_interval() -> None:
    facts: list[dict[str, object]] = [
        {
            "source": "a" if i < 30 else "b",
            "characters": i,
            "published_at": f"2031-0{1 + i % 2}-01",
            "blind": i % 3 == 0,
            "guidelines": "r1",
        }
        for i in range(60)
    ]
    found = slices(facts, [i < 30 for i in range(60)])
    by = {(part.by, part.part): part for part in found}
    assert (by["source", "a"].score.value, by["source", "b"].score.value) == (1, 0)
    assert [p.part for p in found if p.by == "length"] == [
        "up to 19 characters", "up to 39 characters", "more than 39 characters",
    ]  # fmt: skip
    assert by["length", "up to 39 characters"].score.value == 0.5
    assert {p.part for p in found if p.by == "date"} == {"2031-01", "2031-02"}
    assert by["review", "without suggestions"].n == 20
    # One revision of the guidelines is no slice.
    assert not any(part.by == "guidelines" for part in found)
    assert all(p.score.low <= p.score.value <= p.score.high for p in found)


def test_slices_of_few_articles_are_left_out() -> None:
    facts: list[dict[str, object]] = [{"source": "a" if i < 19 else "b"} for i in range(60)]
    assert [part.part for part in slices(facts, [True] * 60)] == ["b"]
    assert slices([{} for _ in range(60)], [True] * 60) == []


def test_years_where_there_are_several() -> None:
    facts: list[dict[str, object]] = [{"published_at": f"203{i % 2}-05-01"} for i in range(60)]
    assert [part.part for part in slices(facts, [True] * 60)] == ["2030", "2031"]
