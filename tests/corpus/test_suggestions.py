"""What suggestions do to answers: an estimate finds the pull that was put in."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pulled_review import TOPICS, TYPES, MadeUpReview, Round, make_review
from corpus.articles import Article, Prediction, Response, ScoredSpan, Span, Status
from corpus.desk import read_desk
from corpus.intervals import resampled_totals
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.simulation import SimulatedReviewer
from corpus.suggestions.acceptance import KeptShare, measure_all, measure_by_score, wilson
from corpus.suggestions.cases import Case, missed_cases, span_cases, topic_cases
from corpus.suggestions.expanded import expanded_interval, student_quantile
from corpus.suggestions.hidden import HiddenPrediction, append_hidden, hidden_at, read_hidden
from corpus.suggestions.measure import effect_rows, measure_effects, read_effects, to_json
from corpus.suggestions.pull import estimate_pull
from corpus.suggestions.resampling import in_groups
from corpus.suggestions.times import LONGEST_SECONDS, measure_times

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA, BO = Span(0, 3, "person"), Span(8, 10, "person")
# A model that gets better, and a new one.
ROUNDS = [Round(200, 0.65, "m:1"), Round(200, 0.8, "m:2")]
SEEDS = range(10)


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


def reviewer(pull: float) -> SimulatedReviewer:
    return SimulatedReviewer("x", topic_noise=0, span_noise=0, seed=7, pull=pull)


def test_pulled_reviewers_take_what_is_shown() -> None:
    article = Article("a", "Ada met Bo", topic="World", spans=(ADA, BO))
    shown = Prediction("a", "Sports", 0.9, "m", (ScoredSpan(0, 7, "location", 0.9),), "m")
    assert reviewer(0).answer(article, TOPICS, TYPES, shown).topic == "World"
    assert reviewer(0).answer(article, TOPICS, TYPES, shown).spans == (ADA, BO)
    taken = reviewer(1).answer(article, TOPICS, TYPES, shown)
    # Ada's own span is where another was suggested; Bo's was not suggested.
    assert (taken.topic, taken.spans) == ("Sports", (Span(0, 7, "location"),))
    nothing = Prediction("a")
    assert reviewer(1).answer(article, TOPICS, TYPES, nothing).spans == (ADA, BO)
    assert reviewer(1).answer(article, TOPICS, TYPES).topic == "World"
    none_there = Prediction("a", spans=())
    assert reviewer(1).answer(article, TOPICS, TYPES, none_there).spans == ()


def test_the_pull_is_as_strong_as_told_and_leaves_the_own_answer_alone() -> None:
    articles = [Article(str(n), "Ada met Bo", topic="World", spans=(ADA, BO)) for n in range(2000)]
    shown = Prediction("", "Sports", 0.9, "m", (ScoredSpan(0, 3, "event", 0.9),), "m")
    answers = [reviewer(0.3).answer(a, TOPICS, TYPES, shown) for a in articles]
    assert answers == [reviewer(0.3).answer(a, TOPICS, TYPES, shown) for a in articles]
    for share in (
        sum(a.topic == "Sports" for a in answers),
        sum(Span(0, 3, "event") in (a.spans or ()) for a in answers),
        sum(BO not in (a.spans or ()) for a in answers),
    ):
        assert share / len(answers) == pytest.approx(0.3, abs=0.035)
    noisy = [SimulatedReviewer("x", 0.2, 0.2, 7, pull) for pull in (0.0, 0.9)]
    alone, pulled = ([r.answer(a, TOPICS, TYPES) for a in articles] for r in noisy)
    assert alone == pulled


def test_hidden_predictions_are_kept_once(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    first = Prediction("a", "World", 0.5, "m:1", (ScoredSpan(0, 3, "person", 0.25),), "n:1")
    silent = Prediction("b")
    assert append_hidden(ledger, [first, silent], NOON) == 2
    assert append_hidden(ledger, [first, silent], NOON + timedelta(hours=1)) == 0
    assert read_hidden(ledger) == {
        "a": [HiddenPrediction(first, NOON)],
        "b": [HiddenPrediction(silent, NOON)],
    }
    later = replace(first, topic="Sports")
    assert append_hidden(ledger, [later], NOON + timedelta(hours=1)) == 1
    kept = read_hidden(ledger)["a"]
    assert hidden_at(kept, NOON + timedelta(minutes=1)) == first
    assert hidden_at(kept, NOON + timedelta(hours=2)) == later
    assert hidden_at(kept, NOON - timedelta(hours=2)) == first
    assert hidden_at([], NOON) is None


def answer(
    article: str,
    seconds: float = 0,
    annotator: str = "x",
    status: Status = "submitted",
    blind: bool = False,
    topic: str = "World",
) -> LedgerEntry:
    at = NOON + timedelta(seconds=seconds)
    said = Response(article, annotator, status, topic, (ADA,), at)
    if blind:
        return LedgerEntry(said, "g", True)
    return LedgerEntry(said, "g", False, "World", 0.9, "m", (ScoredSpan(0, 3, "person", 0.6),), "m")


def test_cases_pair_answers_with_what_was_said() -> None:
    said = Prediction(
        "b", "World", 0.7, "m", (ScoredSpan(0, 3, "person", 0.6), ScoredSpan(8, 9, "person", 0.5))
    )
    hidden = {"b": [HiddenPrediction(said, NOON)]}
    entries = [answer("a", topic="Sports"), answer("b", blind=True), answer("c", blind=True)]
    assert topic_cases(entries, hidden) == [
        Case("a", "m", 0.9, True, 0),
        Case("b", "m", 0.7, False, 1),
    ]
    assert [(c.article, c.shown, c.count) for c in span_cases(entries, hidden)] == [
        ("a", True, 1),
        ("b", False, 1),
        ("b", False, 0),
    ]
    assert [(c.article, c.count) for c in missed_cases(entries, hidden)] == [("a", 0), ("b", 0)]
    nothing = {"b": [HiddenPrediction(replace(said, spans=()), NOON)]}
    assert [(c.article, c.count) for c in missed_cases(entries, nothing)] == [("a", 0), ("b", 1)]


def test_acceptance_by_score_has_intervals() -> None:
    cases = [Case(f"a{n}", "m", 0.95 if n < 20 else 0.6, True, int(n < 32)) for n in range(40)]
    cases += [Case(f"n{n}", "m", float("nan"), True, 1) for n in range(6)]
    cases += [Case(f"b{n}", "m", 1.0, False, 1) for n in range(3)]
    middle, high, unscored = measure_by_score(cases, 1)
    assert (middle.score_from, middle.score_to, middle.shown) == (0.5, 0.7, 20)
    assert middle.kept is not None and middle.kept.value == pytest.approx(0.6)
    assert 0.3 < middle.kept.low < 0.6 < middle.kept.high < 0.85
    assert (high.score_from, high.score_to, high.shown, high.blind) == (0.95, 1.0, 20, 3)
    # All were kept, and that is no proof that all will be: Wilson, 20 of 20.
    assert high.kept is not None and high.kept.low == pytest.approx(0.8389, abs=1e-4)
    assert high.alone is None
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert (unscored.score_from, unscored.shown) == (None, 6)
    assert measure_all([], 1) == KeptShare(None, None, 0, None, 0, None)


def test_times_are_gaps_without_breaks_and_strokes() -> None:
    entries = [
        answer("a", 0),
        answer("b", 20),
        answer("c", 50, blind=True),
        answer("d", 50.2),  # at one stroke with the one before
        answer("e", 60, status="discarded"),
        answer("f", 75),
        answer("a", 100, topic="Sports"),  # an edit
        answer("g", 105),
        answer("h", 105 + LONGEST_SECONDS + 1),
        answer("a", 3, annotator="y"),
        answer("b", 4, annotator="z"),
    ]
    found = measure_times(entries, {("h", "z")}, seed=1)
    assert (found.shown, found.blind, found.breaks, found.strokes) == (3, 1, 1, 1)
    assert found.blind_seconds is None
    many = [answer(f"{n:03d}", 10 * n, blind=n % 4 == 0) for n in range(80)]
    found = measure_times(random.Random(1).sample(many, 80), set(), seed=1)
    assert found.shown_seconds is not None and found.blind_seconds is not None
    assert found.shown_seconds.value == found.shown_seconds.low == 10
    assert (found.shown, found.blind) == (60, 19)
    simulated = {entry.key for entry in many}
    assert measure_times(many, simulated, seed=1).shown == 0


def test_all_figures_of_a_ledger(tmp_path: Path) -> None:
    review = make_review(0.5, ROUNDS, seed=1)
    ledger = Ledger(str(tmp_path), "desk")
    ledger.append_entries(review.entries)
    for found in review.hidden.values():
        append_hidden(ledger, [found[0].prediction], found[0].predicted_at)
    effects = read_effects(ledger, seed=1)
    assert effects.hidden == len(review.hidden)
    assert effects.answers == 1200
    assert effects == measure_effects(ledger.entries(), review.hidden, set(), 1)
    pull, shown, blind = effects.topics.pull, effects.agreement_shown, effects.agreement_blind
    assert pull.interval is not None and shown.topic_percent and blind.topic_percent
    assert pull.interval.low < 0.5 < pull.interval.high
    assert blind.records == len(review.hidden)
    plain = to_json(effects)
    assert set(plain["topics"]["pull"]["interval"]) == {"value", "low", "high"}
    rows = dict(effect_rows(effects))
    assert rows["pull on topics"].startswith(f"{pull.interval.value:.3f} [")
    assert rows["seconds an answer, without"] == "not measured"


def test_an_empty_ledger_says_why_nothing_is_measured(tmp_path: Path) -> None:
    rows = dict(effect_rows(read_effects(Ledger(str(tmp_path), "desk"), 1)))
    assert rows["pull on topics"] == "not measured: no answer was given beside a suggestion"
    assert rows["topic suggestions kept"] == "not measured of 0"


def test_a_pull_outside_0_and_1_is_refused() -> None:
    assert read_desk("desk.yaml").simulation.pull == 0
    with pytest.raises(Exception, match=r"simulation\.pull"):
        read_desk("desk.yaml", {"simulation.pull": 1.5})
