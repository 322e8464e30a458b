"""What a ledger says of suggestions: kept predictions, cases, acceptance, times."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.pulled_review import make_review
from corpus.articles import Prediction, ScoredSpan
from corpus.ledger import Ledger
from corpus.suggestions.acceptance import KeptShare, measure_all, measure_by_score, wilson
from corpus.suggestions.cases import Case, missed_cases, span_cases, topic_cases
from corpus.suggestions.hidden import HiddenPrediction, append_hidden, hidden_at, read_hidden
from corpus.suggestions.measure import effect_rows, measure_effects, read_effects, to_json
from corpus.suggestions.times import LONGEST_SECONDS, measure_times
from tests.corpus.suggestions.made import NOON, ROUNDS, answer


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
