"""Which articles a model answers for people to correct."""

from collections.abc import Collection, Mapping, Sequence

from corpus.articles import Article, Split
from corpus.desk import Desk
from corpus.splits import assign_splits, unit_hash


def answerable(
    desk: Desk, articles: Sequence[Article], blind: Mapping[str, bool], known: Mapping[str, Split]
) -> list[Article]:
    """The articles that a next model may learn from, but for blind ones: beside what a model wrote
    they would be blind no more.

    ``articles`` are all of the desk, so that an article that is not reviewed yet and resembles one
    of the test, or one that was shown blind and may be of it, is left out, too.
    """
    splits = assign_splits(articles, blind, known, desk.splits, desk.review.blind_share).splits
    return [a for a in articles if splits.get(a.id, "test") != "test" and not blind.get(a.id)]


def in_order(
    articles: Sequence[Article], answered: Collection[str], resolved: Collection[str]
) -> list[Article]:
    """First what this model has ``answered`` already, so that loading twice chooses the same; last
    what is ``resolved``, which teaches nothing new. Else by a hash, the same for every model: two
    models then answer the same articles and can be compared.
    """
    return sorted(
        articles,
        key=lambda a: (a.id not in answered, a.id in resolved, unit_hash(f"answers:{a.id}")),
    )
