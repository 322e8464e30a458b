"""Splits that stay, and leak nothing."""

import itertools
import random
from collections import Counter

import pytest

from corpus.articles import Article, Split
from corpus.dedup import jaccard, near_duplicates, shingles
from corpus.settings.review import SplitSettings
from corpus.splits import assign_splits, is_blind, leaks
from tests.corpus.review.made import make_articles


def test_splits_are_stable_and_leak_free() -> None:
    articles = make_articles(300)
    copies = [Article(f"copy-{a.id}", a.text + " today") for a in articles[:60]]
    blind = {a.id: is_blind(a.id, 0.1, 13) for a in [*articles, *copies]}
    settings = SplitSettings()
    first = assign_splits(articles, blind, {}, settings, 0.1)
    again = assign_splits([*articles, *copies], blind, first.splits, settings, 0.1)
    assert all(again.splits[i] == split for i, split in first.splits.items())
    assert leaks([*articles, *copies], again.splits) == []
    assert len(again.splits) + len(again.quarantined) == len(articles) + len(copies)
    # Test and validation are made of blind articles alone: a copy of one that was shown with
    # suggestions is left out.
    assert all(blind[i] == (split != "train") for i, split in first.splits.items())
    assert all(blind[i] for i, split in again.splits.items() if split != "train")
    held = {f"copy-{i}" for i, split in first.splits.items() if split != "train"}
    assert {i for i in again.quarantined if not blind[i]} == {
        c.id for c in copies if c.id in held and not blind[c.id]
    }
    # Without known splits too, the order of the articles must not matter.
    shuffled = random.Random(3).sample(articles, len(articles))
    assert assign_splits(shuffled, blind, {}, settings, 0.1).splits == first.splits


@pytest.mark.parametrize(
    ("blind_share", "test", "validation"),
    # Too few for both: divided as 0.2 to 0.1. Enough: a share of all, and the rest is trained on.
    [(0.15, 0.1, 0.05), (0.3, 0.2, 0.1), (0.5, 0.2, 0.1)],
)
def test_blind_articles_are_divided_by_the_shares_of_the_desk(
    blind_share: float, test: float, validation: float
) -> None:
    articles = [Article(f"{i}", f"w{i} x{i} y{i} z{i} more{i}") for i in range(4000)]
    blind = {a.id: is_blind(a.id, blind_share, 13) for a in articles}
    found = assign_splits(articles, blind, {}, SplitSettings(), blind_share).splits
    shares = {split: n / len(articles) for split, n in Counter(found.values()).items()}
    assert shares["test"] == pytest.approx(test, abs=0.02)
    assert shares["validation"] == pytest.approx(validation, abs=0.015)
    trained = [i for i, split in found.items() if split == "train" and blind[i]]
    assert bool(trained) == (blind_share > 0.3)


def test_splits_that_a_desk_has_stay_as_they_are() -> None:
    """Also a validation split drawn from records with suggestions, as it was once."""
    articles = make_articles(40)
    twin = Article("twin", articles[0].text + " today")
    known: dict[str, Split] = {
        a.id: "validation" if n < 8 else "train" for n, a in enumerate(articles)
    }
    found = assign_splits([*articles, twin], {"twin": False}, known, SplitSettings(), 0.1)
    assert {i: found.splits[i] for i in known} == known
    # But nothing joins it that was shown with suggestions.
    assert found.quarantined == ("twin",)
    blind = assign_splits([*articles, twin], {"twin": True}, known, SplitSettings(), 0.1)
    assert blind.splits["twin"] == "validation"


def test_a_test_split_waits_for_blind_articles() -> None:
    articles = make_articles(100)
    seen = dict.fromkeys([a.id for a in articles], False)
    first = assign_splits(articles, seen, {}, SplitSettings(), 0.1)
    assert set(first.splits.values()) == {"train"}
    by_hash = assign_splits(articles, seen, {}, SplitSettings(), 0)
    assert set(by_hash.splits.values()) == {"train", "validation", "test"}


def test_near_duplicates_are_those_that_comparing_all_finds() -> None:
    dice = random.Random(5)
    articles = make_articles(120)
    for i in range(120):
        cut = dice.randrange(1, 16)
        words = [*articles[i].text.split()[cut:], *(f"new{i}-{n}" for n in range(cut))]
        articles.append(Article(f"copy-{i}", " ".join(words)))
    sets = {a.id: shingles(a.text) for a in articles}
    for threshold in (0.3, 0.5, 0.8):
        every = {
            frozenset((a.id, b.id))
            for a, b in itertools.combinations(articles, 2)
            if jaccard(sets[a.id], sets[b.id]) >= threshold
        }
        assert len(every) > 10
        assert set(map(frozenset, near_duplicates(articles, threshold))) == every


def test_text_without_spaces_has_shingles_too() -> None:
    one = "東京で地震があり多くの人が避難した"
    (pair,) = near_duplicates([Article("a", one), Article("b", one + "。昨夜")])
    assert set(pair) == {"a", "b"}


def test_an_article_between_two_splits_is_left_out() -> None:
    words = [f"w{i}" for i in range(60)]
    left, right = Article("l", " ".join(words[:40])), Article("r", " ".join(words[20:]))
    bridge = Article("b", " ".join(words))
    known = {"l": "train", "r": "test"}
    found = assign_splits([left, right, bridge], {"b": True}, known, SplitSettings(), 0.1)
    assert found.quarantined == ("b",)
    assert found.splits == known
