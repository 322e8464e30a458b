"""Many items, labels and annotators cost little, and the figures are those of the plain way."""

import random
from collections import Counter

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance

from corpus.intervals import resampled_totals, to_interval
from corpus.suggestions.resampling import MOST_GROUPS
from corpus.votes import dawid_skene, figures, set_alpha
from corpus.votes.choices import choice_figures, label_figures, pair_figures
from corpus.votes.dawid_skene import estimate, to_ballots
from corpus.votes.figures import item_totals, to_groups
from corpus.votes.report import choice_report, label_set_report
from corpus.votes.vote import Vote
from tests.corpus.votes.made import LABELS, noisy

ITEMS = 5000


def test_of_many_items_groups_drawn_by_lot_are_resampled() -> None:
    names = [f"i{n:05d}" for n in range(ITEMS)] * 2
    groups = to_groups(names, 1)
    assert (groups.size, groups.items) == (MOST_GROUPS, ITEMS)
    assert list(groups.at[:ITEMS]) == list(groups.at[ITEMS:])
    sizes = Counter(Counter(groups.at[:ITEMS].tolist()).values())
    assert set(sizes) == {ITEMS // MOST_GROUPS, ITEMS // MOST_GROUPS + 1}
    # Neighbours in the file are no neighbours here.
    assert np.mean(np.diff(groups.at[:ITEMS]) == 0) < 0.01
    assert to_groups(names[:MOST_GROUPS], 1).size == MOST_GROUPS


def test_groups_spread_as_their_items_do() -> None:
    """Also where all that is wrong stands side by side."""
    right = np.repeat([1.0, 0.0], [4000, 1000])
    columns, added = np.column_stack([right, np.ones(ITEMS)]), np.array([[1.0, 1], [0, 1]])
    totals = item_totals([f"{n:05d}" for n in range(ITEMS)], columns, added, 1, 1000)
    plain = resampled_totals(columns, 1)
    ours, theirs = (to_interval(0.8, t[1:, 0] / t[1:, 1]) for t in (totals, plain))
    assert list(totals[0]) == [4000, 5000]
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)


def test_many_labels_are_counted_sparsely_to_the_same_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes, _ = noisy(200, (0.9, 0.7, 0.6), missing=0.2)

    def measured() -> list[float]:
        labels = label_figures(votes, 1, 200).values()
        pair = pair_figures(votes, ("a0", "a1"), 1, 200)
        every = [choice_figures(votes, 1, 200), *labels, pair]
        return [x for found in every for i in found.values.values() for x in (i.low, i.high)]

    dense = measured()
    monkeypatch.setattr(figures, "FEW", 0)
    monkeypatch.setattr(figures, "WIDE", 0)
    assert measured() == pytest.approx(dense)
    assert len(dense) == 2 * (3 + 2 * len(LABELS) + 2)


def test_alpha_of_sets_in_groups_is_that_of_nltk(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(1)
    said = [
        (who, f"{n}", frozenset(x for x in "abcdefgh" if dice.random() < 0.3) | {"a"})
        for n in range(60)
        for who in "pqr"
    ]
    expected = AnnotationTask(said, distance=jaccard_distance).alpha()
    votes = [Vote(item, who, answer) for who, item, answer in said]
    one_by_one = set_alpha.set_alpha(votes, 1)
    monkeypatch.setattr(set_alpha, "MOST_GROUPS", 25)
    monkeypatch.setattr(set_alpha, "BLOCK", 7)
    monkeypatch.setattr(set_alpha, "PAIRS", 11)
    grouped = set_alpha.set_alpha(votes, 1)
    assert one_by_one is not None and grouped is not None
    assert one_by_one.value == pytest.approx(expected)
    assert grouped.value == pytest.approx(expected)
    assert grouped.high - grouped.low == pytest.approx(one_by_one.high - one_by_one.low, rel=0.5)


def test_of_many_pairs_of_annotators_those_with_most_in_common_are_measured() -> None:
    votes, _ = noisy(60, (0.9,) * 6, missing=0.5)
    every = choice_report(votes, 1, 20)
    some = choice_report(votes, 1, 20, most_pairs=4)
    assert (every.pairs_left_out, some.pairs_left_out) == (0, 11)
    assert {pair: every.pairs[pair] for pair in some.pairs} == some.pairs
    left = {pair: f.items for pair, f in every.pairs.items() if pair not in some.pairs}
    assert min(f.items for f in some.pairs.values()) >= max(left.values())
    sets = [Vote(v.item, v.annotator, frozenset({v.value})) for v in votes]
    of_sets = label_set_report(sets, 1, 20, most_pairs=4)
    assert (list(of_sets.pairs), of_sets.pairs_left_out) == (list(some.pairs), 11)
    assert list(every.pairs) == sorted(every.pairs)


def test_items_with_the_same_votes_are_estimated_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    votes, _ = noisy(400, (0.95, 0.8, 0.6, 0.5), missing=0.2)
    items = {item: at for at, item in enumerate(dict.fromkeys(v.item for v in votes))}
    rows = [(items[v.item], v.annotator, LABELS.index(v.value)) for v in votes]
    weight = [1.0 + (at % 3) for at in range(len(items))]
    ballots = to_ballots(rows, weight, len(LABELS))
    together = estimate(ballots)
    assert dawid_skene.to_alike(ballots).ballots.items < len(items) / 2
    monkeypatch.setattr(dawid_skene, "MOST_CELLS", 0)
    alone = estimate(ballots)
    assert together.iterations == alone.iterations
    assert together.posterior == pytest.approx(alone.posterior, abs=1e-9)
    assert together.confusion == pytest.approx(alone.confusion, abs=1e-9)
