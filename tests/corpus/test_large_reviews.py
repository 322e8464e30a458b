"""Figures and checks of large reviews: the same as done all at once, in bounded memory."""

import itertools
import random
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest

from corpus.agreement import MIN_ARTICLES, agreement_intervals
from corpus.articles import Article, Response, Split
from corpus.dedup import jaccard, shingles
from corpus.intervals import BLOCK, resampled_totals
from corpus.splits import leaks

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def answers(articles: int) -> list[list[Response]]:
    """Two people, who differ on every third article."""
    at = datetime(2031, 5, 1, tzinfo=UTC)
    return [
        [
            Response(f"{n:06d}", who, "submitted", "Sports" if same else "World", (), at)
            for who, same in (("a", True), ("b", n % 3 > 0))
        ]
        for n in range(articles)
    ]


@pytest.mark.parametrize("resamples", [1, BLOCK, 2 * BLOCK + 5])
def test_blocks_of_resamples_are_the_resamples_drawn_at_once(resamples: int) -> None:
    columns = np.random.default_rng(1).integers(0, 9, size=(101, 3))
    samples = np.random.default_rng(7).integers(0, 101, size=(resamples, 101))
    found = resampled_totals(columns, 7, resamples)
    assert found[0].tolist() == columns.sum(axis=0).tolist()
    assert found[1:].tolist() == [columns[row].sum(axis=0).tolist() for row in samples]


def test_memory_does_not_grow_with_the_resamples() -> None:
    columns = np.ones((20_000, 2))
    tracemalloc.start()
    resampled_totals(columns, 1, 300)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All at once, 300 resamples of 20,000 articles are 48 MB, and their counts again.
    assert peak < 25_000_000


def test_agreement_over_a_handful_of_articles_is_not_stated() -> None:
    few = agreement_intervals(answers(MIN_ARTICLES - 1), 1)
    assert few.records == MIN_ARTICLES - 1
    assert (few.topic_percent, few.topic_alpha, few.span_f1) == (None, None, None)
    enough = agreement_intervals(answers(MIN_ARTICLES), 1)
    assert enough.topic_percent is not None
    assert enough.topic_percent.value == pytest.approx(3 / 5)
    assert enough.topic_percent.low < 3 / 5 < enough.topic_percent.high


def test_leaks_are_those_that_comparing_all_finds() -> None:
    dice = random.Random(3)
    articles = []
    for n in range(90):
        words = [f"word{dice.randrange(500)}" for _ in range(20)]
        articles.append(Article(f"a{n}", " ".join(words)))
        cut = dice.randrange(1, 16)
        articles.append(Article(f"b{n}", " ".join([*words[cut:], *(f"n{n}" for _ in range(cut))])))
    splits = {article.id: dice.choice(SPLITS) for article in articles}
    expected = {
        frozenset((a.id, b.id))
        for a, b in itertools.combinations(articles, 2)
        if splits[a.id] != splits[b.id] and jaccard(shingles(a.text), shingles(b.text)) >= 0.5
    }
    assert len(expected) > 10
    assert set(map(frozenset, leaks(articles, splits))) == expected
    assert leaks([], {}) == leaks(articles, {}) == []
