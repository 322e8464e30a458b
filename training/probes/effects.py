"""How much a group of names moves what a model says: effects with intervals.

A model reacts to any other name a little. So swaps between groups are compared with swaps within
one: an excess of nought says that the group itself moves nothing. Sentences and names are both
resampled (a pigeonhole bootstrap, Owen 2007, arXiv:0712.1111), since other names would have been as
good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np

from corpus.intervals import HIGH, LOW, Interval, drawn_counts, to_interval

RESAMPLES = 1000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model said with each name: ``values`` (sentences, names, outcomes).

    An outcome is the probability of a topic, or whether the name was found. ``names`` holds one
    row of each name, for its groups.
    """

    names: tuple[Row, ...]
    outcomes: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class Lean:
    """The group whose names move an outcome most, against all other names of the axis."""

    group: str
    outcome: str
    effect: Interval


def read_answers(rows: Sequence[Row]) -> Answers:
    """Rows with ``sentence``, ``name``, ``groups``, ``like``, ``values``; every name in each."""
    # In an order of their own, so that the same rows give the same figures in any order.
    first = {row["name"]: row for row in sorted(rows, key=lambda row: str(row["name"]))}
    sentences = sorted({row["sentence"] for row in rows})
    outcomes = tuple(sorted({outcome for row in rows for outcome in row["values"]}))
    values = np.zeros((len(sentences), len(first), len(outcomes)))
    column = {name: i for i, name in enumerate(first)}
    place = {outcome: i for i, outcome in enumerate(outcomes)}
    for row in rows:
        for outcome, value in row["values"].items():
            at = sentences.index(row["sentence"]), column[row["name"]], place[outcome]
            values[at] = value
    return Answers(tuple(first.values()), outcomes, values)


def excess_change(answers: Answers, axis: str, seed: int) -> Interval:
    """How much oftener the likeliest outcome changes between groups than within (a share)."""
    best = answers.values.argmax(axis=2)
    return _excess(answers, axis, seed, lambda n, m: (best[:, n] != best[:, m]).astype(float))


def excess_shift(answers: Answers, axis: str, seed: int) -> Interval:
    """How much more probability moves to other outcomes (total variation) than within groups."""
    p = answers.values
    return _excess(answers, axis, seed, lambda n, m: np.abs(p[:, n] - p[:, m]).sum(axis=-1) / 2)


def group_means(answers: Answers, axis: str, outcome: str, seed: int) -> dict[str, Interval]:
    """The mean of one outcome for each group: for entities, the share of names found."""
    means = _group_means(answers, axis, seed)[..., answers.outcomes.index(outcome)]
    groups = _groups(answers, axis)
    return {g: to_interval(m[0], m[1:]) for g, m in zip(groups, means.T, strict=True)}


def strongest_lean(answers: Answers, axis: str, seed: int) -> Lean:
    """The largest difference of a group from the other groups, over all outcomes.

    The largest of many differences is large by chance as well, so its interval is as wide as all
    of them together need (Bonferroni).
    """
    groups = _groups(answers, axis)
    means = _group_means(answers, axis, seed)
    others = (means.sum(axis=1, keepdims=True) - means) / (len(groups) - 1)
    effects = means - others
    errors = effects[1:].std(axis=0)
    at = np.unravel_index(np.abs(effects[0]).argmax(), effects[0].shape)
    share = (100 - HIGH + LOW) / 100 / (2 * effects[0].size)
    wide = NormalDist().inv_cdf(1 - share) * float(errors[at])
    value = float(effects[0][at])
    # Of shares and probabilities no difference is larger than one.
    interval = Interval(value, max(-1.0, value - wide), min(1.0, value + wide))
    return Lean(groups[at[0]], answers.outcomes[at[1]], interval)


def _excess(answers: Answers, axis: str, seed: int, difference: Any) -> Interval:
    between, within = _pairs(answers, axis)
    sentences, names = _weights(answers, axis, seed)
    found = []
    for pairs in (between, within):
        n, m = np.array(pairs).T
        of_pairs = names[:, n] * names[:, m]
        totals = ((sentences @ difference(n, m)) * of_pairs).sum(axis=1)
        # A resample that drew one name of each group only has no pair within.
        whole = sentences.sum(axis=1) * of_pairs.sum(axis=1)
        found.append(np.divide(totals, whole, out=np.full_like(totals, np.nan), where=whole > 0))
    excess = found[0] - found[1]
    return to_interval(excess[0], excess[1:][np.isfinite(excess[1:])])


def _pairs(answers: Answers, axis: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs of names that differ in this axis alone, and pairs that differ in no axis.

    Those that are alike but for the group (a shared family name) are left out: within a group
    there is no pair as near.
    """
    between: list[tuple[int, int]] = []
    within: list[tuple[int, int]] = []
    for (i, one), (j, other) in combinations(enumerate(answers.names), 2):
        a, b = one["groups"], other["groups"]
        if any(a[name] != b[name] for name in a if name != axis) or one["like"] == other["like"]:
            continue
        (within if a[axis] == b[axis] else between).append((i, j))
    return between, within


def _groups(answers: Answers, axis: str) -> list[str]:
    return list(dict.fromkeys(str(row["groups"][axis]) for row in answers.names))


def _members(answers: Answers, axis: str) -> np.ndarray:
    """1 where a name belongs to a group: (groups, names)."""
    groups = [row["groups"][axis] for row in answers.names]
    return np.array([[float(g == group) for g in groups] for group in _groups(answers, axis)])


def _weights(answers: Answers, axis: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each sentence, each name was drawn; names within their group; first row: once."""
    sentences = np.vstack(list(drawn_counts(len(answers.values), seed, RESAMPLES)))
    names = np.zeros((RESAMPLES, len(answers.names)))
    for number, members in enumerate(_members(answers, axis)):
        (of_group,) = np.nonzero(members)
        drawn = drawn_counts(len(of_group), seed + 1 + number, RESAMPLES)
        names[:, of_group] = np.vstack(list(drawn))
    ones = np.ones((1, sentences.shape[1])), np.ones((1, names.shape[1]))
    return np.vstack([ones[0], sentences]), np.vstack([ones[1], names])


def _group_means(answers: Answers, axis: str, seed: int) -> np.ndarray:
    """(1 + resamples, groups, outcomes)."""
    sentences, names = _weights(answers, axis, seed)
    by_name = np.tensordot(sentences, answers.values, axes=1) / sentences.sum(axis=1)[:, None, None]
    members = _members(answers, axis)
    found: np.ndarray = np.einsum("gn,bn,bno->bgo", members, names, by_name, optimize=True)
    sizes: np.ndarray = names @ members.T
    means: np.ndarray = found / sizes[:, :, None]
    return means
