"""The texts of a desk that training may see, as a stream: a large desk does not fit memory."""

from collections.abc import Collection, Iterator

from corpus.articles import Article, Split
from corpus.ledger import Ledger


def training_splits(ledger: Ledger) -> dict[str, Split]:
    """Article id → "train" or "validation", of the articles that are reviewed.

    Nothing of the frozen test is among them, nor what resembles it: near-duplicates of test get no
    split. Articles that wait for answers have none either; they may become test.
    """
    entries = ledger.current().values()
    answered = {e.response.article_id for e in entries if e.status == "submitted"}
    return {i: s for i, s in ledger.splits().items() if s != "test" and i in answered}


def stream_training_texts(ledger: Ledger, ids: Collection[str]) -> Iterator[Article]:
    """These articles, each once, in the order in which they came into the ledger."""
    wanted = set(ids)
    for article in ledger.stream_articles():
        if article.id in wanted:
            wanted.remove(article.id)
            yield article
