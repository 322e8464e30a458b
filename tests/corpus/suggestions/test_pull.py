"""The estimate of how far suggestions pull answers."""

import random
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.pulled_review import MadeUpReview, Round, make_review
from corpus.intervals import resampled_totals
from corpus.suggestions.cases import Case, missed_cases, span_cases, topic_cases
from corpus.suggestions.expanded import expanded_interval, student_quantile
from corpus.suggestions.pull import estimate_pull
from corpus.suggestions.resampling import in_groups
from tests.corpus.suggestions.made import ROUNDS, SEEDS


@pytest.fixture(scope="module", params=[0.1, 0.3, 0.6])
def pulled(request: pytest.FixtureRequest) -> tuple[float, list[MadeUpReview]]:
    """A pull, and ten reviews under it."""
    return request.param, [make_review(request.param, ROUNDS, seed) for seed in SEEDS]


def covered(pull: float, reviews: list[MadeUpReview], question: str) -> list[bool]:
    found = []
    for review in reviews:
        cases = {"topics": topic_cases, "spans": span_cases, "missed": missed_cases}[question]
        kind = "missed" if question == "missed" else "kept"
        estimate = estimate_pull(cases(review.entries, review.hidden), kind, seed=1)  # type: ignore[arg-type]
        assert estimate.interval is not None, estimate.reason
        assert estimate.left_out == 0
        found.append(estimate.interval.low <= pull <= estimate.interval.high)
    return found


@pytest.mark.parametrize("question", ["topics", "spans", "missed"])
def test_the_interval_covers_the_pull_that_was_put_in(
    pulled: tuple[float, list[MadeUpReview]], question: str
) -> None:
    assert sum(covered(*pulled, question)) >= 9


def test_the_estimate_comes_near_with_many_blind_articles() -> None:
    review = make_review(0.3, [Round(1500, 0.7, "m:1")], seed=3, blind_share=0.5)
    for cases, kind in ((topic_cases, "kept"), (span_cases, "kept"), (missed_cases, "missed")):
        found = estimate_pull(cases(review.entries, review.hidden), kind, 1).interval  # type: ignore[arg-type]
        assert found is not None
        assert found.value == pytest.approx(0.3, abs=0.06)
        assert found.high - found.low < 0.25


def test_a_model_that_improves_does_not_pass_for_pull() -> None:
    """Blind articles of the first round alone beside a much better second model."""
    cases = [
        Case(f"{agent}-{place:03d}", agent, 0.5, shown, int(place % 10 < right))
        for agent, right, blind, seen in (("m:1", 4, 200, 100), ("m:2", 8, 50, 800))
        for shown, count in ((False, blind), (True, seen))
        for place in range(count)
    ]
    found = estimate_pull(cases, "kept", 1)
    assert found.interval is not None and found.interval.value == pytest.approx(0, abs=0.001)
    one = [replace(case, agent="m") for case in cases]
    pooled = estimate_pull(one, "kept", 1).interval
    assert pooled is not None and pooled.low > 0.2


def test_the_estimate_is_the_stated_ratio() -> None:
    cases = [Case(f"s{n}", "m", 0.5, True, int(n < 32)) for n in range(40)]
    cases += [Case(f"b{n}", "m", 0.5, False, int(n < 6)) for n in range(12)]
    found = estimate_pull(random.Random(2).sample(cases, len(cases)), "kept", 1)
    assert found.interval is not None
    assert found.interval.value == pytest.approx((0.8 - 0.5) / (1 - 0.5))
    assert found == estimate_pull(cases, "kept", 1)
    assert (found.shown, found.blind) == (40, 12)
    missed = [Case(f"s{n}", "m", 0, True, 2) for n in range(40)]
    missed += [Case(f"b{n}", "m", 0, False, 5) for n in range(12)]
    gone = estimate_pull(missed, "missed", 1).interval
    assert gone is not None and gone.value == pytest.approx(1 - 2 / 5)


def test_too_little_is_said() -> None:
    shown = [Case(f"s{n}", "m", 0.5, True, 1) for n in range(40)]
    blind = [Case(f"b{n}", "m", 0.5, False, int(n > 3)) for n in range(12)]
    assert estimate_pull([], "kept", 1).reason == "no answer was given beside a suggestion"
    assert "no blind answer" in estimate_pull(shown, "kept", 1).reason
    few = estimate_pull([*shown, *blind[:9]], "kept", 1)
    assert (few.interval, few.left_out) == (None, 49)
    assert few.reason == "no agent has 10 blind articles that were answered"
    alike = estimate_pull([*shown, *blind], "kept", 1)
    assert alike.interval is None
    assert alike.reason == "only 4 blind articles say otherwise than the prediction; 5 are needed"
    elsewhere = [*shown, *blind, Case("b", "m", 0.5, False, 0), Case("x", "n", 0.5, True, 1)]
    assert estimate_pull(elsewhere, "kept", 1).left_out == 1
    # Whatever blind articles tell is of low scores, and only high ones were shown.
    low = [Case(f"b{n}", "m", 0.3, False, 0) for n in range(20)]
    high = [Case(f"c{n}", "m", 0.9, False, 1) for n in range(20)]
    sure = [replace(case, score=0.9) for case in shown]
    found = estimate_pull([*sure, *low, *high], "kept", 1)
    assert (found.interval, found.reason) == (None, "nothing was shown with scores that tell")


def test_ends_move_outward_for_few_articles() -> None:
    assert student_quantile(0.975, 9) == pytest.approx(2.2622, abs=0.001)
    assert student_quantile(0.975, 30) == pytest.approx(2.0423, abs=0.001)
    values = np.random.default_rng(1).normal(size=100_000)
    few, many = expanded_interval(0, values, 10), expanded_interval(0, values, 100_000)
    assert many.high == pytest.approx(1.96, abs=0.03)
    assert few.high == pytest.approx(2.2622 * (10 / 9) ** 0.5, abs=0.05)
    assert few.low == pytest.approx(-few.high, abs=0.08)


def test_groups_of_articles_spread_as_articles_do() -> None:
    columns = np.random.default_rng(3).poisson(3, size=(5000, 2)).astype(float)
    grouped = in_groups(columns, 2000)
    assert grouped.shape == (2000, 2)
    assert grouped.sum(axis=0).tolist() == columns.sum(axis=0).tolist()
    assert in_groups(columns, 5000) is columns
    totals = [resampled_totals(c, 1)[1:] for c in (columns, grouped)]
    spread = [float((t[:, 0] / t[:, 1]).std()) for t in totals]
    assert spread[0] == pytest.approx(spread[1], rel=0.1)
