"""Addresses of Argilla's UI; to write one down needs no server."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from corpus.articles import Article
from corpus.ledger import Ledger

SEARCHED_WORDS = 8
_PLAIN_WORD = re.compile(r"[^\W_]+")


def dataset_address(api_url: str, dataset_id: str) -> str:
    """Where a person opens it in the browser."""
    return f"{api_url.rstrip('/')}/dataset/{dataset_id}/annotation-mode"


def queue_address(api_url: str, dataset_id: str, query: Mapping[str, str]) -> str:
    """A part of the records; of one's own submitted ones where the query has no ``status``."""
    query = {"status": "submitted", **query}
    return f"{dataset_address(api_url, dataset_id)}?{urlencode(query)}"


def article_query(article: Article) -> dict[str, str]:
    """Finds an article: the UI opens no record by its id, so the first plain words of its title,
    or of its text, are searched. Empty without such words.
    """
    field = "title" if article.title else "text"
    words = [
        word for word in (article.title or article.text).split() if _PLAIN_WORD.fullmatch(word)
    ]
    # The UI writes a blank as _.
    return {"search": f"{'_'.join(words[:SEARCHED_WORDS])}~{field}"} if words else {}


def open_addresses(api_url: str, ledger: Ledger, article_ids: Collection[str]) -> dict[str, str]:
    """Article id → where somebody who has not answered it finds it, a lead who looks at what
    others discarded. A record that is complete is no longer pending, and not found there.

    Empty where the address of Argilla (``api_url``) or of the data set is not known.
    """
    dataset_id = ledger.cursor().get("dataset")
    if not api_url or not dataset_id or not article_ids:
        return {}
    return {
        article.id: queue_address(
            api_url, dataset_id, {"status": "pending", **article_query(article)}
        )
        for article in ledger.articles().values()
        if article.id in article_ids
    }
