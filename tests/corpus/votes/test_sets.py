"""Agreement on spans: exact and overlapping, by type, never raised by empty pairs."""

import os
import subprocess
import sys

import pytest

from corpus.articles import Span
from corpus.votes.choices import choice_figures
from corpus.votes.report import choice_report, label_set_report, span_report
from corpus.votes.sets import count_pairs, set_figures
from corpus.votes.vote import Vote
from tests.corpus.votes.made import ADA, BO, CY, marks, noisy

LONG = Span(0, 9, "person")


def f1(votes: list[Vote[frozenset[Span]]], label: str | None = None) -> dict[str, float]:
    found = set_figures(count_pairs(votes), 1, label, resamples=20)
    return {name: figure.value for name, figure in found.values.items()}


def test_exact_and_overlapping_by_hand() -> None:
    votes = [marks("i", "p", ADA, CY), marks("i", "q", LONG, CY)]
    # Of four marks two are found exactly; ADA and LONG overlap.
    assert f1(votes) == {"f1_exact": 2 / 4, "f1_overlap": 1.0}
    assert f1(votes, "person") == {"f1_exact": 0.0, "f1_overlap": 1.0}
    other_type = [marks("i", "p", Span(0, 3, "event")), marks("i", "q", ADA)]
    assert f1(other_type) == {"f1_exact": 0.0, "f1_overlap": 0.0}


def test_pairs_without_marks_change_nothing() -> None:
    half = [marks("i", "p", ADA), marks("i", "q", ADA, BO)]
    empty = [marks(str(n), who) for n in range(50) for who in "pq"]
    assert (
        f1([*half, *empty]) == f1(half) == pytest.approx({"f1_exact": 2 / 3, "f1_overlap": 2 / 3})
    )
    assert f1(empty) == {}
    one_sided = [marks("i", "p", ADA), marks("i", "q")]
    assert f1(one_sided)["f1_exact"] == 0


def test_only_those_who_were_asked_the_same_are_compared() -> None:
    votes = [
        marks("i", "p", ADA, question="person"),
        marks("i", "q", ADA, question="person"),
        marks("i", "p", CY, question="event"),
        marks("i", "r", CY, question="event"),
    ]
    report = span_report(votes, 1, resamples=20)
    assert report.overall.pairs == 2
    assert f1(votes) == {"f1_exact": 1.0, "f1_overlap": 1.0}
    assert set(report.pairs) == {("p", "q"), ("p", "r")}
    assert {name: figures.pairs for name, figures in report.labels.items()} == {
        "event": 1,
        "person": 1,
    }


def test_a_report_by_annotator_label_pair_and_revision() -> None:
    votes = [
        Vote("i", "p", frozenset({ADA}), guidelines="old"),
        Vote("i", "q", frozenset({ADA}), guidelines="old"),
        Vote("i", "r", frozenset({BO}), guidelines="new"),
        Vote("j", "p", frozenset({BO}), guidelines="new"),
        Vote("j", "r", frozenset({CY}), guidelines="new"),
        Vote("j", "alone", frozenset({CY}), "another question", "new"),
    ]
    report = span_report(votes, 1, resamples=20)
    assert {n: f.pairs for n, f in report.annotators.items()} == {"p": 3, "q": 2, "r": 3}
    assert report.revisions["old"].values["f1_exact"].value == 1
    assert report.revisions["new"].values["f1_exact"].value == 0
    topics, _ = noisy(40, (0.9, 0.9))
    again = [
        Vote(v.item, v.annotator, v.value, guidelines=f"r{int(v.item[1:]) % 2}") for v in topics
    ]
    found = choice_report(again, 1, resamples=20)
    assert {n: f.items for n, f in found.revisions.items()} == {"r0": 20, "r1": 20}
    assert list(found.pairs) == [("a0", "a1")]


def test_several_labels_have_a_share_of_equal_answers_f1_and_alpha() -> None:
    votes = [
        Vote(str(i), who, frozenset(s), guidelines="g")
        for i, sets in enumerate(("ab b", "ab b", "b b", "- -"))
        for who, s in zip("pq", (s.strip("-") for s in sets.split()), strict=True)
    ]
    report = label_set_report(votes, 1, resamples=20)
    assert set(report.overall.values) == {"percent", "f1_exact", "krippendorff_alpha"}
    assert report.overall.values["percent"].value == 2 / 4
    assert report.overall.values["f1_exact"].value == pytest.approx(6 / 8)
    assert report.overall.values["krippendorff_alpha"].value == pytest.approx(1 - 0.25 * 56 / 32)
    for part in (report.annotators["p"], report.pairs["p", "q"], report.revisions["g"]):
        assert {n: f.value for n, f in part.values.items()} == {"percent": 0.5, "f1_exact": 0.75}
    assert {name: set(f.values) for name, f in report.labels.items()} == {
        "a": {"f1_exact"},
        "b": {"f1_exact"},
    }
    # As a choice of one set among all sets, interval and all.
    assert (
        label_set_report(votes, 1).overall.values["percent"]
        == (choice_figures(votes, 1).values["percent"])
    )


def test_where_nobody_chose_a_label_answers_are_the_same_and_alpha_is_not_defined() -> None:
    overall = label_set_report([marks("i", who) for who in "pq"], 1, resamples=20).overall
    assert {name: figure.value for name, figure in overall.values.items()} == {"percent": 1}
    assert overall.undefined == ("krippendorff_alpha",)


ALPHA = """
import random
from corpus.votes.set_alpha import set_alpha
from corpus.votes.vote import Vote
draw, names = random.Random(4), ("World", "Sports", "Business", "Arts")
votes = [
    Vote(f"{item}", who, frozenset(draw.sample(names, draw.randrange(5))))
    for item in range(60)
    for who in "abc"
]
print(set_alpha(votes, 1, 200))
"""


def test_alpha_of_sets_is_the_same_in_every_process_to_the_last_digit() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", ALPHA],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1
