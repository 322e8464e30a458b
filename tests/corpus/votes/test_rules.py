"""The rules: majority, Dawid-Skene (against crowd-kit), trusted, adjudicated; ties; gold."""

import random
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import DawidSkene

from corpus.articles import Response, Span
from corpus.intervals import Interval
from corpus.resolve import resolve_articles
from corpus.votes.against_gold import DRAWN, LEFT_OUT, TIES, WRONG, score_choices, score_sets
from corpus.votes.dawid_skene import Ballots, estimate, to_ballots
from corpus.votes.decided import Decided
from corpus.votes.rules import RULES, Policy, choice_posteriors, settle_choices, settle_sets
from corpus.votes.vote import Vote, by_unit
from tests.corpus.votes.made import ADA, BO, CY, LABELS, marks, noisy

NEVER = Interval(-1, -1, -1)
MAJORITY, WEIGHED = Policy(), Policy("dawid-skene")


def ballots(votes: list[Vote[str]]) -> Ballots:
    index = {label: at for at, label in enumerate(sorted(LABELS))}
    items = {item: at for at, item in enumerate(sorted({v.item for v in votes}))}
    rows = [(items[v.item], v.annotator, index[v.value]) for v in votes]
    return to_ballots(rows, [1.0] * len(items), len(LABELS))


def right(decided: list[Decided[str]], truth: dict[str, str]) -> float:
    return sum(d.value == truth[d.unit[0]] for d in decided) / len(decided)


@pytest.mark.filterwarnings("ignore:The (inplace|copy) keyword")
@pytest.mark.parametrize("seed", range(2))
def test_posteriors_are_those_of_crowd_kit(seed: int) -> None:
    """After the same number of steps, without smoothing, which crowd-kit has none of."""
    votes, truth = noisy(80, (0.95, 0.8, 0.6, 0.5), seed, missing=0.2)
    frame = pd.DataFrame([(v.item, v.annotator, v.value) for v in votes])
    frame.columns = pd.Index(["task", "worker", "label"])
    oracle = DawidSkene(n_iter=20, tol=-1.0).fit(frame).probas_[sorted(LABELS)]
    assert oracle.index.tolist() == sorted(truth)
    found = estimate(ballots(votes), smoothing=0.0, tolerance=-1.0, most_iterations=20)
    assert np.abs(found.posterior - oracle.to_numpy()).max() < 1e-6


def test_dawid_skene_converges_to_the_annotators_it_was_made_of() -> None:
    votes, truth = noisy(600, (0.95, 0.6, 0.6, 0.45, 0.45), seed=3)
    found = estimate(ballots(votes))
    assert found.converged
    accuracy = np.einsum("k,akk->a", found.shares, found.confusion)
    assert accuracy == pytest.approx([0.95, 0.6, 0.6, 0.45, 0.45], abs=0.06)
    assert found.posterior.sum(axis=1) == pytest.approx(1)
    weighed, counted = (settle_choices(votes, policy) for policy in (WEIGHED, MAJORITY))
    assert right(weighed, truth) > right(counted, truth) + 0.05
    assert weighed == settle_choices(random.Random(1).sample(votes, len(votes)), WEIGHED)


def test_many_annotators_do_not_underflow() -> None:
    votes = [Vote("i", f"a{n}", "X" if n % 3 else "Y") for n in range(3000)]
    votes += [Vote("j", f"a{n}", "Y") for n in range(3000)]
    probabilities = choice_posteriors(by_unit(votes))
    assert all(sum(p.values()) == pytest.approx(1) for p in probabilities.values())


def test_what_does_not_converge_is_said(caplog: pytest.LogCaptureFixture) -> None:
    votes, _ = noisy(60, (0.8, 0.6, 0.5))
    assert not estimate(ballots(votes), most_iterations=2).converged
    assert "after 2 iterations" in caplog.text


def test_majority_names_the_tied_labels() -> None:
    votes = [Vote("a", "p", "X"), Vote("a", "q", "Y"), Vote("b", "p", "X"), Vote("c", "p", "Z")]
    votes += [Vote("c", "q", "Z"), Vote("c", "r", "X")]
    a, b, c = settle_choices(votes, MAJORITY)
    assert (a.value, a.rule, a.tied, a.probabilities["X"]) == (None, "tie", ("X", "Y"), 0.5)
    assert (b.value, b.rule) == ("X", "single")
    assert (c.value, c.rule, c.answers) == ("Z", "majority", 3)
    assert c.probabilities["Z"] == pytest.approx(2 / 3)


def test_trusted_and_adjudicators_win() -> None:
    votes = [Vote("a", who, label) for who, label in zip("pqrs", "XXYZ", strict=True)]
    votes += [Vote("b", "p", "X"), Vote("b", "q", "X")]
    trusted = Policy("trusted", trusted=frozenset({"r"}))
    a, b = settle_choices(votes, trusted)
    assert (a.value, a.rule) == ("Y", "trusted")
    assert (b.value, b.rule) == ("X", "majority")
    for rule in ("majority", "dawid-skene", "trusted", "adjudicated"):
        a, _ = settle_choices(votes, Policy(rule, frozenset({"r"}), frozenset({"s"})))
        assert (a.value, a.rule) == ("Z", "adjudicated")
    two = Policy("trusted", trusted=frozenset({"q", "r"}))
    assert settle_choices(votes, two)[0].rule == "tie"


def test_spans_need_more_than_half_and_tie_at_half() -> None:
    votes = [marks("a", "p", ADA), marks("a", "q", ADA, BO), marks("a", "r")]
    votes += [marks("b", "p", ADA), marks("b", "q")]
    a, b = settle_sets(votes, MAJORITY)
    assert (a.value, a.rule) == (frozenset({ADA}), "majority")
    assert (b.value, b.rule, b.tied) == (None, "tie", (ADA,))
    assert settle_sets([marks("a", "p"), marks("a", "q")], MAJORITY)[0].value == frozenset()


def test_dawid_skene_believes_a_good_annotator_about_a_lone_span() -> None:
    """p and q find everything, r marks what nobody else sees; each item is asked of two."""
    votes = []
    for n in range(60):
        pair = ("pq", "pr", "qr")[n % 3]
        votes += [
            marks(f"i{n:02d}", who, *((ADA,) if who != "r" else (BO,) if n % 2 else ()))
            for who in pair
        ]
    found = settle_sets(votes, WEIGHED)
    assert {d.value for d in found} == {frozenset({ADA})}
    assert all(0 <= p <= 1 for d in found for p in d.probabilities.values())


def test_of_overlapping_probable_spans_the_most_probable_stays() -> None:
    wide = Span(0, 7, "person")
    votes = [marks(f"i{n}", who, ADA, CY) for n in range(20) for who in "pq"]
    votes += [marks("x", "p", ADA, wide), marks("x", "q", wide), marks("x", "r", wide, CY)]
    decided = settle_sets(votes, WEIGHED)[-1]
    assert decided.value is not None
    assert wide in decided.value and ADA not in decided.value
    assert all(p > 0.5 for c, p in decided.probabilities.items() if c in decided.value)


def test_where_spans_may_overlap_none_is_dropped_for_that() -> None:
    wide = Span(0, 7, "person")
    votes = [marks(f"i{n}", who, ADA, wide) for n in range(20) for who in "pqr"]
    for rule in RULES:
        policy = Policy(rule, frozenset({"p"}), overlaps=True)
        assert {d.value for d in settle_sets(votes, policy)} == {frozenset({ADA, wide})}
    assert {d.value for d in settle_sets(votes, WEIGHED)} == {frozenset({wide})}


def test_several_labels_are_decided_one_by_one() -> None:
    votes = [Vote(str(i), who, frozenset("ab")) for i in range(9) for who in "pqr"]
    votes += [
        Vote("x", "p", frozenset("ab")),
        Vote("x", "q", frozenset("b")),
        Vote("x", "r", frozenset()),
    ]
    assert settle_sets(votes, MAJORITY)[-1].value == frozenset("b")
    assert "b" in (settle_sets(votes, WEIGHED)[-1].value or ())


def test_what_a_tie_counts_against_gold() -> None:
    votes = [Vote("a", "p", "X"), Vote("a", "q", "X"), Vote("b", "p", "X"), Vote("b", "q", "Y")]
    votes += [Vote("c", "p", "X"), Vote("c", "q", "Y"), Vote("d", "p", "X"), Vote("e", "p", "X")]
    gold = {("a", ""): "X", ("b", ""): "X", ("c", ""): "Z", ("d", ""): "Y"}
    found = score_choices(settle_choices(votes, MAJORITY), gold, 1)
    assert (found.compared, found.without_gold, found.ties) == (4, 1, 2)
    values = {ties: scores["accuracy"].value for ties, scores in found.scores.items()}
    assert values == {DRAWN: (1 + 0.5) / 4, LEFT_OUT: 1 / 2, WRONG: 1 / 4}
    figure = found.scores[DRAWN]["accuracy"]
    assert figure.low < figure.value < figure.high
    with pytest.raises(ValueError, match="has a gold"):
        score_choices(settle_choices(votes, MAJORITY), {}, 1)


def test_spans_against_gold_by_hand() -> None:
    votes = [
        marks("a", "p", ADA, BO),
        marks("a", "q", ADA, BO),
        marks("b", "p", CY),
        marks("b", "q"),
    ]
    gold = {("a", ""): frozenset({ADA}), ("b", ""): frozenset({CY})}
    found = score_sets(settle_sets(votes, MAJORITY), gold, 1)
    shown = {t: {n: f.value for n, f in s.items()} for t, s in found.scores.items()}
    names = ("accuracy", "precision", "recall", "f1")
    assert {t: tuple(s) for t, s in shown.items()} == dict.fromkeys(TIES, names)
    assert tuple(shown[LEFT_OUT].values()) == pytest.approx((0, 1 / 2, 1, 2 / 3))
    assert tuple(shown[WRONG].values()) == pytest.approx((0, 1 / 2, 1 / 2, 1 / 2))
    # Of two questions the tied one is right in one draw of two.
    assert tuple(shown[DRAWN].values()) == pytest.approx((1 / 4, 1.5 / 2.5, 1.5 / 2, 3 / 4.5))


def test_a_set_is_accurate_where_it_is_exactly_the_gold() -> None:
    votes = [marks(i, w, ADA, BO) for i in "ab" for w in "pq"] + [marks("c", w) for w in "pq"]
    votes += [marks("d", "p", ADA, BO, CY), marks("d", "q", ADA)]
    gold = {"a": {ADA, BO}, "b": {ADA}, "c": set[Span](), "d": {ADA, CY}}
    wanted = {(i, ""): frozenset(spans) for i, spans in gold.items()}
    found = score_sets(settle_sets(votes, MAJORITY), wanted, 1)
    values = {ties: (s["accuracy"] or NEVER).value for ties, s in found.scores.items()}
    assert values == {DRAWN: (2 + 1 / 4) / 4, LEFT_OUT: 2 / 3, WRONG: 2 / 4}


def test_a_score_of_nothing_is_none() -> None:
    tied = [Vote("a", "p", "X"), Vote("a", "q", "Y")]
    scores = score_choices(settle_choices(tied, MAJORITY), {("a", ""): "X"}, 1).scores
    assert scores[LEFT_OUT]["accuracy"] is None
    assert (scores[DRAWN]["accuracy"] or NEVER).value == 1 / 2
    nobody = [marks("a", "p"), marks("a", "q")]
    for gold, undefined in ((frozenset[Span](), {"precision", "recall", "f1"}),
                            (frozenset({ADA}), {"precision"})):  # fmt: skip
        scores = score_sets(settle_sets(nobody, MAJORITY), {("a", ""): gold}, 1).scores
        assert {name for name, figure in scores[DRAWN].items() if figure is None} == undefined


def test_perfect_scores_of_few_items_are_not_certain() -> None:
    votes = [Vote(str(i), who, "X") for i in range(20) for who in "pq"]
    found = score_choices(
        settle_choices(votes, MAJORITY), {(str(i), ""): "X" for i in range(20)}, 1
    )
    figure = found.scores[DRAWN]["accuracy"]
    assert figure.value == 1
    assert 0.8 < figure.low < 1 and figure.high == 1


def test_the_rule_of_an_article_is_one_that_took_place() -> None:
    """One of three chose a topic; all of them looked for spans."""
    at = datetime(2031, 5, 1, tzinfo=UTC)

    def group(identifier: str, *topics: str | None) -> list[Response]:
        people = zip("pqr", topics, strict=False)
        return [Response(identifier, w, "submitted", t, (ADA,), at) for w, t in people]

    groups = {f"{n}": group(f"{n}", "X", None, None) for n in range(9)}
    for policy in (MAJORITY, WEIGHED, Policy("trusted", trusted=frozenset({"q"}))):
        found = resolve_articles(groups, True, True, policy)
        assert {r.rule for r in found.values()} == {policy.rule}
        alone = resolve_articles({"a": group("a", "X", None)}, True, False, policy)["a"]
        assert (alone.topic, alone.rule) == ("X", "single")


def test_articles_take_the_rule_of_the_desk() -> None:
    at = datetime(2031, 5, 1, tzinfo=UTC)
    answers = [("p", "X", (ADA,)), ("q", "Y", (BO,)), ("r", "Y", ())]
    group = [Response("a", who, "submitted", t, spans, at) for who, t, spans in answers]
    trusted = Policy("trusted", trusted=frozenset({"p"}))
    found = resolve_articles({"a": group}, True, True, trusted)["a"]
    assert (found.topic, found.spans, found.rule, found.answers) == ("X", (ADA,), "trusted", 3)
    assert found.agreement == pytest.approx(1 / 3)
    many = {
        f"{n}": [Response(f"{n}", w, "submitted", "X", (ADA,), at) for w in "pq"] for n in range(9)
    }
    weighed = resolve_articles({**many, "a": group}, True, True, WEIGHED)
    assert weighed["0"].rule == weighed["a"].rule == "dawid-skene"
