"""Agreement on labels against nltk, scikit-learn and cases counted by hand."""

import pytest
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance as nltk_jaccard
from sklearn.metrics import cohen_kappa_score

from corpus.votes.choices import annotator_figures, choice_figures, label_figures, pair_figures
from corpus.votes.figures import Figures
from corpus.votes.set_alpha import set_alpha
from corpus.votes.vote import Vote
from tests.corpus.votes.made import LABELS, noisy

RESAMPLES = 50


def value(figures: Figures, name: str) -> float:
    return figures.values[name].value


def nltk_task(votes: list[Vote[str]]) -> AnnotationTask:
    return AnnotationTask([(v.annotator, v.item, v.value) for v in votes])


@pytest.mark.parametrize("seed", range(5))
def test_kappas_and_alpha_are_those_of_nltk(seed: int) -> None:
    votes, _ = noisy(60, (0.9, 0.7, 0.5), seed)
    found, task = choice_figures(votes, 1, RESAMPLES), nltk_task(votes)
    assert value(found, "percent") == pytest.approx(task.avg_Ao())
    # Of equal numbers of answers, Fleiss' kappa is Siegel and Castellan's K, nltk's pi.
    assert value(found, "fleiss_kappa") == pytest.approx(task.pi())
    assert value(found, "krippendorff_alpha") == pytest.approx(task.alpha())


@pytest.mark.parametrize("seed", range(5))
def test_alpha_with_missing_answers_is_that_of_nltk(seed: int) -> None:
    votes, _ = noisy(60, (0.9, 0.7, 0.5, 0.6), seed, missing=0.4)
    found = choice_figures(votes, 1, RESAMPLES)
    assert value(found, "krippendorff_alpha") == pytest.approx(nltk_task(votes).alpha())


@pytest.mark.parametrize("seed", range(5))
def test_cohens_kappa_of_a_pair_is_that_of_scikit_learn_and_nltk(seed: int) -> None:
    votes, truth = noisy(60, (0.9, 0.6, 0.5), seed, missing=0.2)
    by = {(v.item, v.annotator): v.value for v in votes}
    both = [i for i in truth if (i, "a0") in by and (i, "a1") in by]
    pair = [[by[i, who] for i in both] for who in ("a0", "a1")]
    found = pair_figures(votes, ("a0", "a1"), 1, RESAMPLES)
    assert value(found, "cohen_kappa") == pytest.approx(cohen_kappa_score(*pair))
    assert found.items == found.pairs == len(both)
    of_both = [v for v in votes if v.item in both and v.annotator in ("a0", "a1")]
    assert value(found, "cohen_kappa") == pytest.approx(nltk_task(of_both).multi_kappa())


def test_fleiss_kappa_of_a_label_is_that_of_the_label_against_all_others() -> None:
    votes, _ = noisy(80, (0.9, 0.7, 0.6))
    found = label_figures(votes, 1, RESAMPLES)
    assert list(found) == sorted(LABELS)
    for label, figures in found.items():
        binary = [Vote(v.item, v.annotator, str(v.value == label)) for v in votes]
        assert value(figures, "kappa") == pytest.approx(nltk_task(binary).pi())


def test_unequal_numbers_of_answers_by_hand() -> None:
    """a: 2 of 2 agree; b: 1 of 3 pairs agrees; c has one answer and counts in nothing."""
    answers = {"a": "XX", "b": "XXY", "c": "Y"}
    votes = [Vote(i, f"p{n}", label) for i, text in answers.items() for n, label in enumerate(text)]
    found = choice_figures(votes, 1, RESAMPLES)
    assert (found.items, found.pairs) == (2, 4)
    assert value(found, "percent") == pytest.approx(2 / 4)
    # The mean of 1 and 1/3 over two items; chance (4/5)² + (1/5)².
    observed, chance = (1 + 1 / 3) / 2, 0.68
    assert value(found, "fleiss_kappa") == pytest.approx((observed - chance) / (1 - chance))
    of_x = label_figures(votes, 1, RESAMPLES)["X"]
    # Who chose X meets X: 2 of 2 in a, each of the two in b with 1 of 2 others.
    assert value(of_x, "f1") == pytest.approx((2 + 1) / 4)


def test_an_annotator_against_all_others() -> None:
    votes, _ = noisy(200, (0.95, 0.9, 0.5))
    good, bad = (annotator_figures(votes, who, 1, RESAMPLES) for who in ("a0", "a2"))
    assert good.pairs == bad.pairs == 400
    assert value(good, "percent") > value(bad, "percent") + 0.1
    assert value(good, "cohen_kappa") > value(bad, "cohen_kappa") + 0.1
    alone = annotator_figures([v for v in votes if v.annotator == "a0"], "a0", 1, RESAMPLES)
    assert alone == Figures(0, 0, {})


def test_alpha_against_the_published_example() -> None:
    """Krippendorff 2011, example C: nominal data, 4 observers, missing values."""
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    votes = [
        Vote(str(i), f"o{who}", str(row[i]))
        for who, row in enumerate(table)
        for i in range(12)
        if row[i] is not None
    ]
    found = choice_figures(votes, 1, RESAMPLES)
    assert value(found, "krippendorff_alpha") == pytest.approx(0.743, abs=5e-4)


def test_one_label_throughout_leaves_kappa_and_alpha_undefined() -> None:
    votes = [Vote(str(i), who, "X") for i in range(9) for who in "pq"]
    found = choice_figures(votes, 1)
    assert found.undefined == ("fleiss_kappa", "krippendorff_alpha")
    assert set(found.values) == {"percent"} and found.values["percent"].value == 1
    # Nine items that agree are not certain that all others do.
    assert found.values["percent"].low < 0.9
    assert label_figures(votes, 1)["X"].undefined == ("kappa",)
    pair = pair_figures(votes, ("p", "q"), 1)
    assert (set(pair.values), pair.undefined) == ({"percent"}, ("cohen_kappa",))
    same = [Vote(str(i), who, frozenset("ab")) for i in range(9) for who in "pq"]
    assert set_alpha(same, 1, RESAMPLES) is None


@pytest.mark.parametrize("size", [2, 3, 5])
def test_no_interval_is_outside_of_what_the_measure_can_be(size: int) -> None:
    """Also where one item differs, and where all do."""
    for odd in ("XY", "XX"):
        votes = [Vote(str(i), f"p{n}", "X") for i in range(2) for n in range(size)]
        votes += [Vote("odd", f"p{n}", odd[n % 2]) for n in range(size)]
        votes += [Vote("last", f"p{n}", "Y") for n in range(size)]
        of_all, of_labels = choice_figures(votes, 1), label_figures(votes, 1)
        least = -1 / (size - 1)
        kappas = [of_all.values["fleiss_kappa"], of_all.values["krippendorff_alpha"]]
        kappas += [found.values["kappa"] for found in of_labels.values()]
        assert all(least <= f.low <= f.value <= f.high <= 1 for f in kappas)
        cohen = pair_figures(votes, ("p0", "p1"), 1).values["cohen_kappa"]
        assert -1 <= cohen.low <= cohen.value <= cohen.high <= 1
    apart = [Vote(str(i), f"p{n}", f"L{n}") for i in range(4) for n in range(size)]
    found = choice_figures(apart, 1).values
    assert found["fleiss_kappa"].value == pytest.approx(least)
    assert found["fleiss_kappa"].low >= least - 1e-9


def test_alpha_of_several_labels_is_that_of_nltk() -> None:
    sets = ["a", "ab", "abc", "bc", "c", ""]
    answers = [
        (w, str(i), frozenset(sets[(i * k) % 6]))
        for i in range(20)
        for k, w in ((1, "p"), (5, "q"))
    ]
    found = set_alpha([Vote(i, w, s) for w, i, s in answers], 1, RESAMPLES)
    said = [a for a in answers if a[2]]
    assert found is not None and -1 <= found.low < found.value < found.high <= 1
    full = set_alpha([Vote(i, w, s) for w, i, s in said], 1, RESAMPLES)
    expected = AnnotationTask(said, distance=nltk_jaccard).alpha()
    assert full is not None and full.value == pytest.approx(expected)


def test_intervals_cover_the_value_and_shrink() -> None:
    few, many = (choice_figures(noisy(n, (0.9, 0.7))[0], 1) for n in (40, 1000))
    for name, figure in many.values.items():
        assert figure.low < figure.value < figure.high
        assert figure.high - figure.low < few.values[name].high - few.values[name].low
    assert choice_figures([], 1) == Figures(0, 0, {})
