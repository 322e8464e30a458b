"""Scores against independent implementations: scikit-learn and nervaluate."""

import json
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from corpus.articles import Span
from corpus.intervals import Interval
from training.evaluation import micro_f1, score_entities, score_topic_sets, score_topics

TOPICS = ["World", "Sports", "Business"]
TYPES = ["person", "place"]


def noisy_topics(count: int, seed: int) -> tuple[list[str], list[str]]:
    dice = random.Random(seed)
    gold = [dice.choice(TOPICS) for _ in range(count)]
    return gold, [topic if dice.random() < 0.7 else dice.choice(TOPICS) for topic in gold]


def noisy_spans(count: int, seed: int) -> tuple[list[list[Span]], list[list[Span]]]:
    """Right, shifted, mistyped, missing and invented spans; some articles have none."""
    dice = random.Random(seed)
    gold, predicted = [], []
    for _ in range(count):
        spans = [Span(20 * i, 20 * i + 5, dice.choice(TYPES)) for i in range(dice.randrange(4))]
        found = []
        for span in spans:
            roll = dice.random()
            if roll < 0.6:
                found.append(span)
            elif roll < 0.75:
                found.append(Span(span.start, span.end + 2, span.label))
            elif roll < 0.9:
                found.append(Span(span.start, span.end, dice.choice(TYPES)))
        if dice.random() < 0.3:
            found.append(Span(200, 204, dice.choice(TYPES)))
        gold.append(spans)
        predicted.append(found)
    return gold, predicted


def nervaluated(gold: list[list[Span]], predicted: list[list[Span]]) -> dict[str, Any]:
    """Overall results by scheme."""

    def rows(side: list[list[Span]]) -> list[list[dict[str, object]]]:
        # nervaluate counts the last token in; a character is a token here.
        return [
            [{"label": s.label, "start": s.start, "end": s.end - 1} for s in part] for part in side
        ]

    found = Evaluator(rows(gold), rows(predicted), tags=TYPES, loader="dict").evaluate()
    overall: dict[str, Any] = found["overall"]
    return overall


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_topic_scores_agree_with_scikit_learn(seed: int) -> None:
    gold, predicted = noisy_topics(120, seed)
    scores = score_topics(gold, predicted, TOPICS, seed=0, resamples=50)
    oracle = precision_recall_fscore_support(gold, predicted, labels=TOPICS)
    for i, topic in enumerate(TOPICS):
        mine = scores.labels[topic]
        assert (mine.precision, mine.recall, value_of(mine.f1), mine.support) == pytest.approx(
            tuple(part[i] for part in oracle)
        )
    assert scores.accuracy.value == pytest.approx(accuracy_score(gold, predicted))
    assert value_of(scores.macro_f1) == pytest.approx(np.mean(oracle[2]))
    assert scores.confusion == confusion_matrix(gold, predicted, labels=TOPICS).tolist()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_entity_scores_agree_with_nervaluate(seed: int) -> None:
    gold, predicted = noisy_spans(80, seed)
    scores = score_entities(gold, predicted, TYPES, seed=0, resamples=50)

    oracle = nervaluated(gold, predicted)["strict"]
    assert (
        value_of(scores.precision),
        value_of(scores.recall),
        value_of(scores.f1),
    ) == pytest.approx((oracle.precision, oracle.recall, oracle.f1))
    assert scores.spans == oracle.possible


SIDE = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.sampled_from(TYPES)), max_size=5)


@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_spans_by_other_schemes_agree_with_nervaluate(
    articles: list[tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]],
) -> None:
    """Spans of one side do not overlap: gold and predictions are made so."""

    def laid_out(parts: list[tuple[int, int, str]]) -> list[Span]:
        spans, end = [], 0
        for gap, length, label in parts:
            spans.append(Span(end + gap, end + gap + length, label))
            end += gap + length
        return spans

    gold, predicted = ([laid_out(pair[i]) for pair in articles] for i in (0, 1))
    scores = score_entities(gold, predicted, TYPES, seed=0, resamples=2)
    oracle = nervaluated(gold, predicted)
    for ours, theirs in (("boundaries", "exact"), ("partial", "partial"), ("type", "ent_type")):
        mine, other = scores.schemes[ours], oracle[theirs]
        # What is not defined is 0 there.
        values = [score.value if score else 0 for score in (mine.precision, mine.recall, mine.f1)]
        assert values == pytest.approx([other.precision, other.recall, other.f1])
    # The same pairs as "type": right ones on the diagonal, all of both sides somewhere.
    counts = np.array(scores.confusion)
    assert counts.diagonal()[:-1].sum() == oracle["ent_type"].correct
    assert counts[:-1].sum() == sum(map(len, gold))
    assert counts[:, :-1].sum() == sum(map(len, predicted))
    assert counts[-1, -1] == 0


def test_bootstrap_equals_scoring_each_resample() -> None:
    """By plain loops over the articles and the two that are added: one right, one wrong."""
    gold, predicted = noisy_spans(40, seed=5)
    scores = score_entities(gold, predicted, TYPES, seed=9, resamples=200)
    usual = sum(map(len, gold)) / sum(map(bool, gold))
    counts = [(len(set(g) & set(p)), len(g) + len(p)) for g, p in zip(gold, predicted, strict=True)]
    counts += [(usual, 2 * usual), (0, 2 * usual)]
    draws = np.random.default_rng(9).integers(0, 42, size=(200, 42))
    sums = [np.sum([counts[i] for i in row], axis=0) for row in draws]
    by_hand = [2 * hits / marked for hits, marked in sums]
    assert value_of(scores.f1) == pytest.approx(micro_f1(gold, predicted))
    assert [scores.f1.low, scores.f1.high] == pytest.approx(np.percentile(by_hand, [2.5, 97.5]))


def test_intervals_hold_the_value_and_shrink_with_articles() -> None:
    few = score_topics(*noisy_topics(40, 1), TOPICS, seed=0).accuracy
    many = score_topics(*noisy_topics(1000, 1), TOPICS, seed=0).accuracy
    assert few.low < few.value < few.high
    assert many.low < many.value < many.high
    assert many.high - many.low < (few.high - few.low) / 3


@pytest.mark.parametrize(("n", "truth"), [(150, 0.8), (30, 0.97), (46, 0.957), (30, 0.03)])
def test_interval_covers_the_truth_about_as_often_as_it_says(n: int, truth: float) -> None:
    """Without the two articles that are added, 61 of 100 for 30 and .97."""
    dice = random.Random(4)
    hits = 0
    for seed in range(100):
        gold = ["World"] * n
        predicted = ["World" if dice.random() < truth else "Sports" for _ in gold]
        interval = score_topics(gold, predicted, TOPICS, seed, resamples=200).accuracy
        assert interval.low <= interval.value <= interval.high
        hits += interval.low <= truth <= interval.high
    assert 89 <= hits <= 100


def test_the_same_seed_gives_the_same_interval() -> None:
    gold, predicted = noisy_spans(30, seed=2)
    first = score_entities(gold, predicted, TYPES, seed=3)
    assert first == score_entities(gold, predicted, TYPES, seed=3)
    assert first.f1 != score_entities(gold, predicted, TYPES, seed=4).f1


def test_a_perfect_prediction_scores_one() -> None:
    gold = [[Span(0, 3, "person")], [], [Span(4, 9, "place")]]
    scores = score_entities(gold, gold, TYPES, seed=0, resamples=20)
    assert (value_of(scores.precision), value_of(scores.recall), value_of(scores.f1)) == (
        1.0,
        1.0,
        1.0,
    )
    assert (scores.n, scores.spans) == (3, 2)


def test_a_topic_that_never_occurs_does_not_lower_macro_f1() -> None:
    scores = score_topics(["World", "Sports"], ["World", "Sports"], TOPICS, seed=0, resamples=5)
    assert value_of(scores.macro_f1) == 1.0
    assert scores.labels["Business"].support == 0


def test_a_score_of_nothing_is_not_defined() -> None:
    ada = [Span(0, 3, "person")]
    missed = score_entities([ada], [[]], TYPES, seed=0, resamples=10)
    assert missed.precision is missed.schemes["type"].precision is None
    assert (value_of(missed.recall), value_of(missed.f1), value_of(missed.macro_f1)) == (0, 0, 0)
    invented = score_entities([[]], [ada], TYPES, seed=0, resamples=10)
    assert invented.recall is None
    assert (value_of(invented.precision), value_of(invented.f1)) == (0, 0)
    nothing = score_entities([[]], [[]], TYPES, seed=0, resamples=10)
    assert nothing.precision is nothing.recall is nothing.f1 is nothing.macro_f1 is None
    assert nothing.schemes["partial"].f1 is None
    sets = score_topic_sets([[]] * 10, [[]] * 10, TOPICS, seed=0, resamples=10)
    assert sets.precision is sets.recall is sets.micro_f1 is sets.macro_f1 is None
    assert sets.exact.value == 1


def value_of(score: Interval | None) -> float:
    assert score is not None
    return score.value


def test_scores_are_json() -> None:
    topics = score_topics(*noisy_topics(20, 1), TOPICS, seed=0, resamples=10).to_dict()
    entities = score_entities(*noisy_spans(20, 1), TYPES, seed=0, resamples=10).to_dict()
    assert json.loads(json.dumps(topics)) == topics
    assert json.loads(json.dumps(entities)) == entities
    assert {"value", "low", "high"} == set(topics["accuracy"]) == set(entities["f1"])


def test_no_gold_is_an_error_not_a_score() -> None:
    with pytest.raises(ValueError, match="at least one"):
        score_topics([], [], TOPICS, seed=0)
    with pytest.raises(ValueError, match="2 golds, 1 predictions"):
        score_entities([[], []], [[]], TYPES, seed=0)


def test_a_label_outside_the_schema_is_named() -> None:
    with pytest.raises(ValueError, match="'Weather'"):
        score_topics(["World"], ["Weather"], TOPICS, seed=0)
    with pytest.raises(ValueError, match="'ship'"):
        score_entities([[Span(0, 1, "person")]], [[Span(0, 1, "ship")]], TYPES, seed=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_sets_of_topics_agree_with_scikit_learn(seed: int) -> None:
    dice = np.random.default_rng(seed)
    gold, said = (dice.random((150, len(TOPICS))) < 0.4 for _ in range(2))
    said = np.where(dice.random(gold.shape) < 0.7, gold, said)

    def names(rows: np.ndarray) -> list[list[str]]:
        return [[TOPICS[i] for i in np.flatnonzero(row)] for row in rows]

    scores = score_topic_sets(names(gold), names(said), TOPICS, seed=0, resamples=50)
    for average, mine in (("micro", scores.micro_f1), ("macro", scores.macro_f1)):
        assert value_of(mine) == pytest.approx(f1_score(gold, said, average=average))
    assert scores.exact.value == pytest.approx(accuracy_score(gold, said))
    oracle = precision_recall_fscore_support(gold, said)
    for i, topic in enumerate(TOPICS):
        label = scores.labels[topic]
        assert (label.precision, label.recall, label.f1.value, label.support) == pytest.approx(
            tuple(part[i] for part in oracle)
        )


def test_precision_and_recall_of_a_label_have_intervals() -> None:
    scores = score_topics(*noisy_topics(200, 1), TOPICS, seed=0)
    for label in scores.labels.values():
        for value, interval in (
            (label.precision, label.precision_interval),
            (label.recall, label.recall_interval),
        ):
            assert interval.low < value == interval.value < interval.high


MEASURE = """
import numpy, resource, sys
from training.evaluation import score_topics
topics = [f"topic {i}" for i in range(int(sys.argv[2]))]
dice = numpy.random.default_rng(0)
gold = [topics[i] for i in dice.integers(0, len(topics), int(sys.argv[1]))]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scores = score_topics(gold, gold[1:] + gold[:1], topics, seed=0)
assert scores.n == len(gold)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_bounded_with_50_000_articles_and_many_topics() -> None:
    """All resamples at once would take 400 MB, and 100 topics as dense columns 120 MB more."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "50000", "100"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150


def test_nothing_is_known_of_a_label_without_gold_and_of_precision_without_prediction() -> None:
    scores = score_topics(["a"] * 10 + ["c"] * 10, ["a"] * 10 + ["b"] * 10, ["a", "b", "c"], 1)
    wrongly_said, never_said = scores.labels["b"], scores.labels["c"]
    unknown = Interval(0.0, 0.0, 1.0)
    for interval in (
        wrongly_said.f1,
        wrongly_said.precision_interval,
        wrongly_said.recall_interval,
    ):
        assert interval == unknown
    assert never_said.precision_interval == unknown
    assert never_said.recall_interval.value == 0.0 and never_said.recall_interval.high < 0.5
