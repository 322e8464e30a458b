"""The order of review: shares of the queue, ties, what nobody said anything about."""

import random
from collections import Counter

import pytest

from corpus.articles import Prediction, ScoredSpan
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.order.queue import Known, place_of_blind, places, queued
from corpus.order.uncertainty import (
    span_uncertainty,
    topic_uncertainty,
    topics_uncertainty,
    uncertainties,
)
from corpus.settings.order import STRATEGIES, OrderShares

IDS = [f"a{n:03}" for n in range(120)]
# The higher the number, the less sure; four clusters of thirty.
KNOWN = Known(
    {i: n / 120 for n, i in enumerate(IDS)},
    {i: n // 30 for n, i in enumerate(IDS)},
)


def queue(shares: OrderShares, seed: int = 1, known: Known = KNOWN) -> list[str]:
    return queued(IDS, [], known, shares, seed)


@pytest.mark.parametrize("shares", STRATEGIES.values(), ids=STRATEGIES)
def test_everything_stands_in_it_once_whatever_the_order_it_came_in(shares: OrderShares) -> None:
    found = queue(shares)
    assert sorted(found) == IDS
    shuffled = random.Random(0).sample(IDS, len(IDS))
    turned = Known(
        {i: KNOWN.uncertainty[i] for i in shuffled}, {i: KNOWN.cluster[i] for i in shuffled}
    )
    assert queued(shuffled, [], turned, shares, 1) == found


def test_by_uncertainty_the_least_sure_comes_first_and_ties_go_by_lot() -> None:
    assert queue(STRATEGIES["uncertainty"]) == IDS[::-1]
    same = Known(dict.fromkeys(IDS, 0.5), {})
    first, second = (queue(STRATEGIES["uncertainty"], seed, same) for seed in (1, 2))
    assert first == queue(STRATEGIES["random"], 1) != second
    # What no model was asked about comes last.
    half = Known(dict.fromkeys(IDS[:60], 0.1), {})
    assert set(queue(STRATEGIES["uncertainty"], 1, half)[:60]) == set(IDS[:60])


def test_by_diversity_no_page_is_alike_and_answered_clusters_wait() -> None:
    by_lot, found = queue(STRATEGIES["random"]), queue(STRATEGIES["diversity"])
    for page in range(0, 120, 12):
        clusters = Counter(KNOWN.cluster[i] for i in found[page : page + 12])
        assert set(clusters.values()) == {3}
    for cluster in range(4):
        of_it = [i for i in found if KNOWN.cluster[i] == cluster]
        assert of_it == [i for i in by_lot if KNOWN.cluster[i] == cluster]
    answered = ["a000", "a001", "a030", "unknown"]
    waiting = [i for i in IDS if i not in answered]
    found = queued(waiting, answered, KNOWN, STRATEGIES["diversity"], 1)
    assert [KNOWN.cluster[i] for i in found[:9]] == [2, 3, 1, 2, 3, 0, 1, 2, 3]


def test_of_a_cluster_the_least_sure_comes_first_if_the_desk_asks_for_it() -> None:
    found = queue(OrderShares(uncertainty=0.001, diversity=1))
    assert found[:5] == ["a029", "a059", "a089", "a119", "a028"]
    alone = queued(["a"], ["b"], Known({}, {}), STRATEGIES["mixed"], 1)
    assert alone == ["a"]


def test_each_criterion_fills_its_share_of_every_beginning() -> None:
    shares = OrderShares(uncertainty=3, diversity=0, random=2)
    found, by_lot = queue(shares), queue(STRATEGIES["random"])
    for n in (5, 10, 20, 50):
        unsure = set(IDS[::-1][:n])
        # Three of five places go down the list of uncertainty, which others may have shortened.
        assert len(unsure & set(found[:n])) >= round(0.6 * n) - 1
        assert set(by_lot[: round(0.4 * n) - 1]) <= set(found[:n])
    assert queue(OrderShares(uncertainty=30, random=20)) == found


def test_mixed_begins_with_all_three() -> None:
    first = queue(OrderShares(uncertainty=1, diversity=1, random=1))[:3]
    assert first[:2] == ["a119", "a029"]
    assert first[2] == queue(STRATEGIES["random"])[0]


def test_one_article_and_none() -> None:
    nothing = Known({}, {})
    for shares in STRATEGIES.values():
        assert queued([], [], nothing, shares, 1) == []
        assert queued(["a"], [], nothing, shares, 1) == ["a"]
    assert places([]) == {}
    assert places(["a"]) == {"a": 0.5}
    assert list(places(["b", "a"]).items()) == [("b", 0.25), ("a", 0.75)]


def test_blind_articles_stand_anywhere_by_seed_and_id_alone() -> None:
    found = [place_of_blind(f"{n}", 13) for n in range(2000)]
    assert all(0 <= place <= 1 for place in found)
    deciles = Counter(int(place * 10) for place in found)
    assert len(deciles) == 10 and min(deciles.values()) > 150
    assert place_of_blind("a", 13) == place_of_blind("a", 13) != place_of_blind("a", 14)


def test_uncertainty_of_topics_and_spans() -> None:
    assert topic_uncertainty(0.75) == 0.25
    assert topics_uncertainty([0.99, 0.4, 0.01]) == pytest.approx(0.8)
    assert topics_uncertainty([]) == 0
    spans = [ScoredSpan(0, 1, "person", 0.9), ScoredSpan(2, 3, "person", 0.5)]
    assert span_uncertainty(spans) == pytest.approx(0.6)
    assert span_uncertainty([]) == 0


def test_both_questions_of_an_article_count_the_same() -> None:
    def said(i: str, topic: float | None, *scores: float) -> Prediction:
        spans = tuple(ScoredSpan(n, n + 1, "person", s) for n, s in enumerate(scores))
        return Prediction(i, "World" if topic else None, topic, "m", spans, "m")

    found = uncertainties(
        {"sure": said("sure", 0.9), "both": said("both", 0.5, 0.5, 0.5), "one": said("one", 0.8)}
    )
    assert sorted(found, key=lambda i: found[i]) == ["sure", "one", "both"]
    assert found["both"] == pytest.approx(5 / 6)
    # Of equal values each has the same rank; labels of a source have no score and say nothing.
    assert found["one"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert uncertainties({"a": Prediction("a", "World", None, "source:x")}) == {}


def test_the_desk_names_a_strategy_or_shares() -> None:
    def order(value: object) -> OrderShares:
        return read_desk("desk.yaml", {"review.order": value}).review.order

    assert order("random") == STRATEGIES["random"]
    assert order({"uncertainty": 2, "random": 1}) == OrderShares(uncertainty=2, random=1)
    for wrong, why in (("best", "none of random"), ({"random": 0}, "must be above 0")):
        with pytest.raises(DeskError, match=why):
            order(wrong)
    # The order decides neither gold nor models.
    digests = {read_desk("desk.yaml", {"review.order": s}).digest() for s in STRATEGIES}
    assert digests == {read_desk("desk.yaml").digest()}
