"""The paired bootstrap on predictions of known difference, and the verdicts made from it."""

from collections.abc import Sequence

import numpy as np
import pytest

from corpus.articles import Span
from corpus.settings.gate import GateSettings
from training.evaluation import micro_f1
from training.evaluation.counts import Counts, span_counts, topic_counts
from training.evaluation.gate import Question, Verdict, judge, judge_first
from training.evaluation.paired import Comparison, compare

TOPICS = ["World", "Sports", "Business"]
RULES = GateSettings()
QUESTION = Question(TOPICS, "accuracy", seed=1)


def wrong(topic: str) -> str:
    return TOPICS[(TOPICS.index(topic) + 1) % len(TOPICS)]


def answers(n: int, only_old: int, only_new: int, neither: int = 0) -> tuple[Counts, Counts]:
    """Two models on n articles, of which so many only the old (or new, or no) model has right."""
    gold = [TOPICS[i % len(TOPICS)] for i in range(n)]
    fails_new = {*range(only_old), *range(n - neither, n)}
    fails_old = {*range(only_old, only_old + only_new), *range(n - neither, n)}
    old, new = (
        [wrong(topic) if i in fails else topic for i, topic in enumerate(gold)]
        for fails in (fails_old, fails_new)
    )
    return topic_counts(gold, old, TOPICS), topic_counts(gold, new, TOPICS)


def drawn(n: int, only_old: float, only_new: float, seed: int) -> Comparison:
    """Models that differ by only_new - only_old in truth, on n random articles."""
    dice = np.random.default_rng(seed).random(n)
    lost, won = int((dice < only_old).sum()), int((dice > 1 - only_new).sum())
    return compare(*answers(n, lost, won, n // 20), TOPICS, seed, resamples=300)


def verdict(n: int, only_old: int, only_new: int, **rules: float) -> Verdict:
    settings = RULES.model_copy(update=rules)
    return judge(*answers(n, only_old, only_new), TOPICS, QUESTION, settings)


@pytest.mark.parametrize(("n", "only_old", "only_new"), [(60, 0.1, 0.1), (300, 0.06, 0.02)])
def test_the_interval_covers_the_true_difference(n: int, only_old: float, only_new: float) -> None:
    truth = only_new - only_old
    found = [drawn(n, only_old, only_new, seed).overall.difference for seed in range(200)]
    covered = sum(i.low <= truth <= i.high for i in found)
    assert 183 <= covered <= 200


def test_errors_of_both_kinds_are_as_rare_as_they_should_be() -> None:
    """2.5 % each: a model that loses the margin goes out, an equal one is called worse."""
    loses_margin = [drawn(400, 0.05, 0.03, seed) for seed in range(200)]
    assert sum(c.overall.difference.low >= -0.02 for c in loses_margin) <= 14
    equal = [drawn(400, 0.04, 0.04, seed) for seed in range(200)]
    assert sum(c.overall.difference.high < 0 for c in equal) <= 12
    assert 0.45 < np.mean([c.better for c in equal]) < 0.55


def test_models_that_answer_a_small_test_alike_are_not_called_equal_for_sure() -> None:
    same = compare(*answers(60, 0, 0), TOPICS, seed=0).overall.difference
    assert same.value == 0
    # The rule of three: none of n differs, so up to 3 in n may.
    assert -0.07 < same.low < -0.03
    assert 0.03 < same.high < 0.07


def test_differences_are_those_of_the_scores_of_each_resample() -> None:
    """By plain loops over the resampled articles, and the two that are added to them."""
    dice = np.random.default_rng(3)
    counts = dice.integers(0, 4, size=30)
    gold = [[Span(9 * i, 9 * i + 4, "person") for i in range(count)] for count in counts]
    old, new = ([[s for s in part if dice.random() < 0.7] for part in gold] for _ in "xx")
    found = compare(
        span_counts(gold, old, ["person"]), span_counts(gold, new, ["person"]), ["person"], seed=5
    )
    assert found.overall.new == pytest.approx(micro_f1(gold, new))
    assert found.overall.old == pytest.approx(micro_f1(gold, old))
    assert found.overall == found.labels["person"]
    usual = sum(map(len, gold)) / sum(map(bool, gold))

    def f1_of(said: list[list[Span]], rows: Sequence[int], right_on: int) -> float:
        hits = sum(len(said[i]) for i in rows if i < 30) + usual * sum(i == right_on for i in rows)
        marked = sum(len(said[i]) + len(gold[i]) for i in rows if i < 30)
        marked += 2 * usual * sum(i >= 30 for i in rows)
        return float(2 * hits / marked)

    draws = np.random.default_rng(5).integers(0, 32, size=(1000, 32))
    gained = [f1_of(new, row, right_on=31) - f1_of(old, row, right_on=30) for row in draws]
    interval = found.overall.difference
    assert [interval.low, interval.high] == pytest.approx(np.percentile(gained, [2.5, 97.5]))


def test_a_better_model_goes_out_and_a_worse_one_does_not() -> None:
    better, worse = verdict(200, 2, 20), verdict(200, 20, 2)
    assert (better.verdict, worse.verdict) == ("publish", "keep")
    assert better.reasons[0].startswith("It is better: accuracy 0.900 → 0.990, difference +0.090 [")
    assert worse.reasons[0].startswith("It is worse: ")


def test_what_cannot_be_told_stays_and_says_how_many_articles_would_do() -> None:
    found = verdict(100, 4, 5)
    assert found.verdict == "not enough evidence"
    assert found.reasons[0].startswith("It may be better or worse: accuracy 0.950 → 0.960")
    # With as many articles and the same shares it would pass.
    words = found.reasons[0].partition("about ")[2]
    needed = int(words.split()[0].replace(",", ""))
    times = -(-needed // 100)
    assert verdict(100 * times, 4 * times, 5 * times).verdict == "publish"


def test_the_advice_for_models_that_answer_alike_is_no_more_than_they_need() -> None:
    words = verdict(30, 0, 0).reasons[0].partition("about ")[2]
    needed = int(words.split()[0].replace(",", ""))
    assert verdict(needed, 0, 0).verdict == "publish"
    assert verdict(needed * 3 // 4, 0, 0).verdict == "not enough evidence"
    # One that loses more than the margin never passes.
    assert "about" not in verdict(100, 6, 3).reasons[0]


def test_a_model_that_loses_less_than_the_margin_goes_out() -> None:
    assert verdict(1000, 10, 8).verdict == "publish"
    assert verdict(1000, 10, 8, margin=0.0).verdict == "not enough evidence"


def test_a_small_test_decides_nothing() -> None:
    found = verdict(29, 0, 15)
    assert found.verdict == "not enough evidence"
    assert "29 articles, and a comparison needs 30" in found.reasons[0]
    assert verdict(30, 0, 15).verdict == "publish"
    nothing = Counts(*(m[:0] for m in (lambda c: (c.hit, c.said, c.real))(answers(3, 0, 0)[0])))
    empty = judge(nothing, nothing, TOPICS, QUESTION, RULES)
    assert (empty.verdict, empty.comparison) == ("not enough evidence", None)


def fallen(sports: int, lost: int, known: Sequence[str] = TOPICS, **rules: float) -> Verdict:
    """Much better on World, worse on so many of the articles of Sports."""
    gold = ["World"] * 300 + ["Sports"] * sports
    old = ["Business"] * 60 + ["World"] * 240 + ["Sports"] * sports
    new = ["World"] * 300 + ["Business"] * lost + ["Sports"] * (sports - lost)
    settings = RULES.model_copy(update=rules)
    pair = (topic_counts(gold, said, TOPICS) for said in (old, new))
    return judge(*pair, known, QUESTION, settings)


def test_no_label_may_fall_below_its_floor() -> None:
    found = fallen(sports=40, lost=20)
    assert found.comparison is not None and found.comparison.overall.difference.low > 0
    assert found.verdict == "keep"
    assert found.reasons[1].startswith("F1 of Sports 1.000 → 0.667")
    assert found.floor_labels == ("World", "Sports")
    # Two reasons: it is better, and yet.
    assert len(found.reasons) == 2
    assert fallen(sports=40, lost=3).verdict == "publish"
    assert fallen(sports=40, lost=20, label_floor=0.5).verdict == "publish"


def test_the_floor_holds_for_labels_with_support_that_both_models_know() -> None:
    assert fallen(sports=19, lost=10).verdict == "publish"
    assert fallen(sports=19, lost=10, label_support=19).verdict == "keep"
    assert fallen(sports=40, lost=20, known=["World", "Business"]).verdict == "publish"


def test_a_fall_that_may_be_chance_is_not_called_worse() -> None:
    found = fallen(sports=20, lost=4, label_floor=0.05)
    assert found.verdict == ("not enough evidence" if "chance" in found.reasons[1] else "keep")
    tiny = fallen(sports=3, lost=1, label_support=3)
    assert tiny.verdict == "not enough evidence"
    assert "which may be chance" in tiny.reasons[1]


def first(gold: list[str], said: list[str]) -> Verdict:
    constant = topic_counts(gold, ["World"] * len(gold), TOPICS)
    return judge_first(
        constant, topic_counts(gold, said, TOPICS), "always answering World", QUESTION, RULES
    )


def test_a_first_model_must_beat_what_anybody_has_for_nothing() -> None:
    gold = ["World"] * 30 + ["Sports"] * 20
    good, useless = first(gold, gold), first(gold, ["World"] * 50)
    assert (good.verdict, useless.verdict) == ("publish", "keep")
    assert good.rule == useless.rule == "first publication"
    assert "no better than always answering World" in useless.reasons[0]
    assert first(gold, ["Sports"] * 50).verdict == "keep"


def test_a_first_model_with_a_small_test_goes_out_and_says_so() -> None:
    few = ["World"] * 4 + ["Sports"] * 3
    found = first(few, ["World"] * 3 + ["Sports"] * 4)
    assert found.verdict == "publish"
    assert "to replace it will take 30 or more" in found.reasons[1]
    assert first([], []).verdict == "not enough evidence"
    assert first(["World"] * 20, ["Sports"] * 20).verdict == "keep"


def test_where_there_is_nothing_to_find_nothing_is_compared() -> None:
    nothing: list[list[Span]] = [[] for _ in range(60)]
    some = [[Span(0, 3, "World")] for _ in nothing]
    for old, new in ((nothing, nothing), (nothing, some), (some, nothing)):
        counts = [span_counts(nothing, said, TOPICS) for said in (old, new)]
        for found in (
            judge(*counts, TOPICS, QUESTION, RULES),
            judge_first(*counts, "finding nothing", QUESTION, RULES),
        ):
            assert (found.verdict, found.comparison) == ("not enough evidence", None)
            assert "nothing to find in the 60 test articles" in found.reasons[0]
            assert "0.000" not in found.reasons[0]


def test_the_same_answers_get_the_same_verdict() -> None:
    assert verdict(100, 4, 5) == verdict(100, 4, 5)
