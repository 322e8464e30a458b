"""IOB2 tags: what is decoded is always legal, and the best of all legal sequences."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.entities.schemes import allowed_transitions, tag_names, tag_runs, viterbi

NAMES = tag_names(["person", "place"])


def is_legal(tags: list[int]) -> bool:
    before = "O"
    for name in (NAMES[tag] for tag in tags):
        if name.startswith("I-") and before[2:] != name[2:]:
            return False
        before = name
    return True


def rows(count: int) -> st.SearchStrategy[list[list[float]]]:
    row = st.lists(st.floats(-20, 0), min_size=len(NAMES), max_size=len(NAMES))
    return st.lists(row, min_size=count, max_size=count)


def test_names_are_in_schema_order() -> None:
    assert NAMES == ["O", "B-person", "I-person", "B-place", "I-place"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12).flatmap(rows))
def test_viterbi_is_always_legal(values: list[list[float]]) -> None:
    tags = viterbi(np.array(values), NAMES)
    assert len(tags) == len(values)
    assert is_legal(tags)


@settings(max_examples=25, deadline=None)
@given(rows(4))
def test_viterbi_finds_the_most_probable_legal_sequence(values: list[list[float]]) -> None:
    array = np.array(values)

    def total(tags: tuple[int, ...]) -> float:
        return float(sum(array[i, tag] for i, tag in enumerate(tags)))

    every = product(range(len(NAMES)), repeat=4)
    best = max(total(tags) for tags in every if is_legal(list(tags)))
    assert np.isclose(total(tuple(viterbi(array, NAMES))), best)


def test_viterbi_repairs_what_argmax_gets_wrong() -> None:
    # Argmax says O I-person: not a span. The pair B-person I-person is the better legal one.
    probabilities = np.array([[0.5, 0.45, 0.02, 0.02, 0.01], [0.1, 0.1, 0.7, 0.05, 0.05]])
    assert [int(i) for i in probabilities.argmax(axis=1)] == [0, 2]
    assert [NAMES[t] for t in viterbi(np.log(probabilities), NAMES)] == ["B-person", "I-person"]


def test_only_the_same_type_may_go_on() -> None:
    allowed = {
        (NAMES[i], NAMES[j])
        for i, j in zip(*np.nonzero(allowed_transitions(NAMES) == 0), strict=True)
        if NAMES[j].startswith("I-")
    }
    assert allowed == {
        ("B-person", "I-person"),
        ("I-person", "I-person"),
        ("B-place", "I-place"),
        ("I-place", "I-place"),
    }


def test_runs_of_neighbours_stay_apart() -> None:
    tags = [NAMES.index(n) for n in ("B-person", "I-person", "B-person", "O", "B-place")]
    assert tag_runs(tags, NAMES) == [(0, 2, "person"), (2, 3, "person"), (4, 5, "place")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(NAMES[1::2]))))
def test_runs_come_back_from_their_tags(parts: list[tuple[int, int, str]]) -> None:
    tags: list[int] = []
    expected = []
    for gap, length, begin in parts:
        tags += [0] * gap
        expected.append((len(tags), len(tags) + length, begin[2:]))
        tags += [NAMES.index(begin)] + [NAMES.index(begin) + 1] * (length - 1)
    assert tag_runs(tags, NAMES) == expected


def test_nothing_to_decode() -> None:
    assert viterbi(np.zeros((0, len(NAMES))), NAMES) == []
