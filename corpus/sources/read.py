"""The front door of all sources: settings in, articles and an account of every row out."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from corpus.articles import Article
from corpus.errors import DeskError
from corpus.settings.labels import LabelSettings
from corpus.settings.source import SourceSettings
from corpus.sources.csv_file import read_csv_rows
from corpus.sources.hub import read_hub_rows
from corpus.sources.jsonl_file import read_jsonl_rows
from corpus.sources.parquet_file import read_parquet_rows
from corpus.sources.rows import Row, RowError, RowReader

log = logging.getLogger(__name__)

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
WARNED_ROWS = 5


@dataclass(frozen=True, slots=True)
class LoadedArticles:
    """What a source gave: articles in source order, and why rows were left out.

    ``skipped`` counts rows by reason, ``repairs`` changes in rows by reason; ``read`` is the
    number of rows seen, so that ``read == len(articles) + sum(skipped.values())``.
    """

    articles: tuple[Article, ...]
    read: int
    skipped: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)


def read_articles(source: SourceSettings, labels: LabelSettings) -> LoadedArticles:
    """Read every article of the source; repeated contents are read once.

    A row without text or with broken cells is skipped, counted and logged. A label
    that the schema does not know, a missing column, an unreadable file stop the load.
    """
    parser = RowReader(source, labels)
    articles: dict[str, Article] = {}
    skipped: Counter[str] = Counter()
    rows = 0
    for number, row in _rows(source):
        rows += 1
        try:
            article = parser.to_article(row, number)
        except RowError as error:
            skipped[error.reason] += 1
            if sum(skipped.values()) <= WARNED_ROWS:
                log.warning("%s row %d skipped: %s", source.path, number, error)
            continue
        if article.id in articles:
            skipped["repeated article"] += 1
        else:
            articles[article.id] = article
    if not articles:
        reasons = ", ".join(f"{n} × {why}" for why, n in skipped.items()) or "it is empty"
        raise DeskError(
            f"Source {source.path!r} gives no article ({rows} rows read: {reasons}).",
            "Check source.path and source.columns in the desk, then run copydesk load again.",
        )
    repairs = {reason: count for reason, count in parser.repairs.items() if count}
    return LoadedArticles(tuple(articles.values()), rows, dict(skipped), repairs)


def _rows(source: SourceSettings) -> Iterator[tuple[int, Row]]:
    kind = source_format(source)
    if kind == "hub":
        return read_hub_rows(source)
    path = Path(source.path)
    if not path.is_file():
        raise DeskError(
            f"Source {source.path!r} is not a file.",
            "Set source.path in the desk, or pass --source PATH.",
        )
    if path.stat().st_size == 0:
        raise DeskError(
            f"Source {source.path!r} is empty (0 bytes).",
            "Write the file again, then run copydesk load.",
        )
    readers = {"csv": read_csv_rows, "jsonl": read_jsonl_rows, "parquet": read_parquet_rows}
    return readers[kind](path, source)


def source_format(source: SourceSettings) -> str:
    """The format asked for, or the one the name tells: a known suffix, else a Hub data set."""
    if source.format != "auto":
        return source.format
    suffix = Path(source.path).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if source.path.count("/") == 1 and not Path(source.path).exists() and not suffix:
        return "hub"
    raise DeskError(
        f"Source {source.path!r}: no suffix tells its format (known: {', '.join(SUFFIXES)}).",
        "Set source.format in the desk to csv, jsonl, parquet or hub.",
    )
