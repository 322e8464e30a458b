"""The configuration for instruction tuning: the articles as chats with the reviewed answer."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from datasets import Features, List, Value

from corpus.articles import ReviewedArticle
from corpus.desk import Desk
from corpus.instruct.answers import SCHEMA_VERSION, Questions
from corpus.instruct.pairs import reviewed_pairs
from corpus.permissions import stated_license

SFT = "sft"


def sft_features(licensed: bool) -> Features:
    """One row an article: ``messages`` are system, user and assistant, as trl reads them."""
    features: dict[str, Any] = {
        "id": Value("string"),
        "messages": List({"role": Value("string"), "content": Value("string")}),
        "phrasing": Value("int32"),
        "schema_version": Value("int32"),
    }
    return Features(features | ({"license": Value("string")} if licensed else {}))


def sft_rows(
    desk: Desk, licensed: bool, withheld: Collection[str], published: Iterable[ReviewedArticle]
) -> Iterator[dict[str, Any]]:
    """Chats of the articles whose text may be passed on, in the order given; of several topics an
    article none, since an answer names one.
    """
    asked = Questions(tuple(desk.labels.topics), tuple(desk.labels.entities))
    shown = [] if desk.labels.several_topics else published
    shown = [reviewed for reviewed in shown if reviewed.article.id not in withheld]
    for reviewed, pair in zip(shown, reviewed_pairs(shown, asked), strict=True):
        row = {"id": pair.id, "messages": pair.messages(), "phrasing": pair.phrasing}
        row |= {"schema_version": SCHEMA_VERSION}
        yield row | ({"license": stated_license(desk, reviewed.article)} if licensed else {})
