"""The pull of suggestions on answers: how often an annotator took what was shown as it stood.

The model behind it: with probability π an annotator takes the suggestion, else answers as without
one. Records are blind by a seeded lot, so what blind answers say of hidden predictions is what the
others would have said by themselves; q is the share of them equal to the prediction, and the share
among those who saw it is π + (1 − π) q. Within a stratum g (one agent, similar scores), with n_g
shown cases of which k_g were kept,

    π = Σ_g (k_g − n_g q_g) / Σ_g n_g (1 − q_g)

which is (shown − blind) / (1 − blind) with the blind answers weighted as the shown ones: direct
standardization (post-stratification; Cochran 1977, "Sampling Techniques", 5A.9). Without strata a
model that improved between rounds would pass for pull. For spans that the model missed, with r_g of
them in a blind answer and k_g in n_g shown ones, π = Σ_g (n_g r_g − k_g) / Σ_g n_g r_g: the share
that people left out because nothing stood there.

Intervals: percentile bootstrap over articles, never answers, with its ends moved outward for few
blind articles (Hesterberg 2015, "What Teachers Should Know About the Bootstrap", 5.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corpus.intervals import RESAMPLES, Interval, ratio
from corpus.suggestions.cases import Arrays, Case, to_arrays
from corpus.suggestions.expanded import expanded_interval
from corpus.suggestions.resampling import article_totals

Kind = Literal["kept", "missed"]
# Blind articles of an agent, below which its suggestions are left out.
MIN_BLIND = 10
# Blind articles that say otherwise than the prediction (or hold a missed span): they carry π.
MIN_TELLING = 5
# Blind articles of a stratum of similar scores, and how many strata an agent gets at most.
PER_STRATUM = 15
MOST_STRATA = 4


@dataclass(frozen=True, slots=True)
class Pull:
    """π in [0, 1]; its estimate and interval may lie outside by chance, below 0 also where people
    shun suggestions. None for a ``reason``.

    ``shown`` and ``blind`` count what it rests on: answers, or spans times answers; ``left_out``
    those of agents with too few blind articles.
    """

    interval: Interval | None
    shown: int
    blind: int
    left_out: int
    reason: str = ""


def estimate_pull(cases: Sequence[Case], kind: Kind, seed: int, resamples: int = RESAMPLES) -> Pull:
    """π with its 95 % interval; ``kind`` says what the cases count (see ``Case``)."""
    arrays = to_arrays(cases)
    strata = stratify(arrays)
    used = strata >= 0
    shown, blind = int((used & arrays.shown).sum()), int((used & ~arrays.shown).sum())
    left_out = len(cases) - shown - blind
    reason = _why_not(arrays, used, kind)
    if reason:
        return Pull(None, shown, blind, left_out, reason)
    totals = article_totals(_columns(arrays, strata), seed, resamples)
    part, whole = _parts(totals.reshape(len(totals), -1, 4), kind)
    if whole[0] <= 0:
        return Pull(None, shown, blind, left_out, "nothing was shown with scores that tell")
    values = ratio(part, whole)[whole > 0]
    articles = len(np.unique(arrays.articles[used & ~arrays.shown]))
    return Pull(expanded_interval(values[0], values[1:], articles), shown, blind, left_out)


def stratify(arrays: Arrays) -> np.ndarray:
    """A number for each case: those of one agent whose scores are alike; -1 leaves a case out.

    Scores divide an agent's cases at quantiles of its blind ones, so that each stratum holds
    about ``PER_STRATUM`` blind articles.
    """
    strata = np.full(len(arrays.articles), -1)
    for agent in sorted(set(arrays.agents)):
        own = arrays.agents == agent
        blind = own & ~arrays.shown
        articles = len(np.unique(arrays.articles[blind]))
        if articles < MIN_BLIND or not (own & arrays.shown).any():
            continue
        parts = min(MOST_STRATA, max(1, articles // PER_STRATUM))
        scores = np.nan_to_num(arrays.scores, nan=2.0)
        edges = np.unique(np.quantile(scores[blind], np.arange(1, parts) / parts))
        strata[own] = strata.max() + 1 + np.searchsorted(edges, scores[own], side="right")
    return strata


def _why_not(arrays: Arrays, used: np.ndarray, kind: Kind) -> str:
    if not arrays.shown.any():
        return "no answer was given beside a suggestion"
    if arrays.shown.all():
        return "no blind answer has a hidden prediction to compare with"
    if not used.any():
        return f"no agent has {MIN_BLIND} blind articles that were answered"
    counts = arrays.counts == 0 if kind == "kept" else arrays.counts > 0
    telling = len(np.unique(arrays.articles[used & ~arrays.shown & counts]))
    if telling < MIN_TELLING:
        what = "say otherwise than the prediction" if kind == "kept" else "hold a missed span"
        return f"only {telling} blind articles {what}; {MIN_TELLING} are needed"
    return ""


def _columns(arrays: Arrays, strata: np.ndarray) -> np.ndarray:
    """(articles, strata x 4): shown cases, their count, blind cases, their count."""
    used = strata >= 0
    articles = np.unique(arrays.articles)
    width = 4 * (strata.max() + 1)
    first = width * arrays.articles[used] + 4 * strata[used] + np.where(arrays.shown[used], 0, 2)
    size = width * len(articles)
    cases = np.bincount(first, minlength=size)
    counts = np.bincount(first + 1, weights=arrays.counts[used], minlength=size)
    return (cases + counts).reshape(len(articles), width)


def _parts(totals: np.ndarray, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of π, of (resamples, strata, 4)."""
    shown, count, blind, alone = np.moveaxis(totals, 2, 0)
    # A stratum whose blind articles a resample did not draw says nothing in it.
    told = blind > 0
    expected = shown * ratio(alone, blind)
    if kind == "kept":
        part, whole = count - expected, shown - expected
    else:
        part, whole = expected - count, expected
    return (told * part).sum(axis=1), (told * whole).sum(axis=1)
