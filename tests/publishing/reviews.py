"""A small review in memory (articles, answers of three people, gold), and its files read back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from datasets import DatasetDict, load_dataset

from corpus.articles import Article, Response, ScoredSpan, Span
from corpus.desk import Desk, read_desk
from corpus.gold import build_gold
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import Reviewed
from publishing.shards import WrittenConfig

TOPICS = {"World": "the world", "Sports": "games | matches", "Business": "money"}
TYPES = {"person": "a named person", "event": "a named event"}
PEOPLE = ("annotator-aa", "annotator-bb", "annotator-cc")
SECRET = b"k" * 32
START = datetime(2031, 5, 1, 9, tzinfo=UTC)
AGENT = "copydesk/harbour-topics:0123456789ab"


def desk(**changes: Any) -> Desk:
    """A desk that asks for topics and entities."""
    knobs = {
        "name": "harbour",
        "labels.topics": TOPICS,
        "labels.entities": TYPES,
        "review.min_submitted": 2,
        "publish.dataset": "lantern/harbour-news",
        "publish.topic_model": "lantern/harbour-news-topics",
        "publish.entity_model": "lantern/harbour-news-entities",
        "publish.pretty_name": "Harbour News",
    }
    return read_desk("desk.yaml", knobs | changes)


def article(number: int, **changes: Any) -> Article:
    """ "👩‍🚀 Ada Obi won the Harbour Cup …": the same names, another ending."""
    facts: dict[str, Any] = {
        "id": f"{number:016x}",
        "text": f"👩‍🚀 Ada Obi won the Harbour Cup. {_words(number)}",
        "title": f"Cup {number}",
        "source": "harbour.csv",
        "published_at": f"2031-04-{1 + number % 28:02d}",
    }
    return Article(**facts | changes)


def answer(
    about: Article,
    person: int,
    topic: str | None = "Sports",
    spans: Sequence[Span] = (Span(4, 11, "person"), Span(20, 31, "event")),
    **changes: Any,
) -> LedgerEntry:
    """A submitted answer, next to a topic suggestion unless the article is blind."""
    blind = changes.pop("blind", False)
    response = Response(
        article_id=about.id,
        annotator=PEOPLE[person],
        status=changes.pop("status", "submitted"),
        topic=topic,
        spans=tuple(spans),
        answered_at=START + timedelta(minutes=int(about.id, 16) % 1000 * 10 + person),
    )
    shown: dict[str, Any] = {}
    if not blind:
        shown = {
            "suggested_topic": "Sports",
            "suggested_topic_score": 0.75,
            "topic_agent": AGENT,
            "suggested_spans": (ScoredSpan(4, 11, "person", 0.5),),
            "spans_agent": AGENT,
        }
    return LedgerEntry(response, "9f8e7d6c5b4a", blind, **shown | changes)


def reviewed(
    about: Desk,
    articles: Sequence[Article],
    entries: Sequence[LedgerEntry],
    splits: Mapping[str, Any] | None = None,
    simulated: bool = True,
) -> Reviewed:
    """The state after these answers."""
    keys = frozenset(e.key for e in entries) if simulated else frozenset()
    gold = build_gold(about, {a.id: a for a in articles}, entries, splits or {}, keys)
    return Reviewed(gold, tuple(entries), keys, {"9f8e7d6c5b4a": "# Rules\n\nBe fair."}, SECRET)


def load(folder: Path, configs: Sequence[WrittenConfig], name: str) -> DatasetDict:
    """The files of a configuration, as from the Hub."""
    config = config_of(configs, name)
    files = {split: f"{config.folder}/{split}-*.parquet" for split in config.rows}
    return load_dataset(
        "parquet", data_dir=str(folder), data_files=files, cache_dir=str(folder / "cache")
    )


def config_of(configs: Sequence[WrittenConfig], name: str) -> WrittenConfig:
    return next(config for config in configs if config.name == name)


def some_review(about: Desk, count: int = 12) -> Reviewed:
    """Every fourth article is blind, every fifth is disputed."""
    articles = [article(number) for number in range(count)]
    entries = []
    for number, item in enumerate(articles):
        for person in range(3):
            disputed = number % 5 == 0 and person == 2
            entries.append(
                answer(
                    item,
                    person,
                    "World" if disputed else ("Sports", "Business", "World")[number % 3],
                    (Span(4, 11, "event"),) if disputed else (Span(4, 11, "person"),),
                    blind=number % 4 == 0,
                )
            )
    return reviewed(about, articles, entries)


def _words(number: int) -> str:
    """Different enough that no article looks like a copy of another."""
    return " ".join(f"w{(number * 7919 + i * 104729) % 999983}" for i in range(12))
