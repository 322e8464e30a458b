"""The desks of real corpora read the corpora they were written for; skips where they are absent."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from corpus.desk import Desk, read_desk
from corpus.sources.read import read_articles


def desk(name: str, source: Path) -> Desk:
    return read_desk(f"desks/{name}.yaml", {"source.path": str(source)})


def test_ag_news_gives_every_article_with_its_topic_and_split(shared_data: Path) -> None:
    found = desk("ag_news", shared_data / "ag_news_small.parquet")
    articles = read_articles(found.source, found.labels).articles
    splits = Counter(a.source_split for a in articles)
    assert splits == {"train": 4000, "dev": 1000, "test": 1000}
    assert Counter(a.topic for a in articles) == dict.fromkeys(found.labels.topics, 1500)


def test_the_raw_csv_without_header_gives_the_same_articles(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = pq.read_table(shared_data / "ag_news_small.parquet").to_pylist()[:300]
    raw = tmp_path / "train.csv"
    with raw.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
            (row["label"] + 1, row["title"], row["description"]) for row in rows
        )
    found = desk("ag_news_csv", raw)
    articles = read_articles(found.source, found.labels).articles
    assert [a.topic for a in articles] == [row["topic"] for row in rows]
    assert all(row["title"] in a.text for a, row in zip(articles, rows, strict=True))


def test_entity_spans_keep_their_mentions(shared_data: Path) -> None:
    rows = {r["text"]: r for r in pq.read_table(shared_data / "ner_news_small.parquet").to_pylist()}
    found = desk("entities", shared_data / "ner_news_small.parquet")
    loaded = read_articles(found.source, found.labels)
    assert len(loaded.articles) >= 1000
    for article in loaded.articles:
        marked = [(article.text[s.start : s.end], s.label) for s in article.spans or ()]
        wanted = [(s["text"], s["label"]) for s in rows[article.text]["spans"]]
        assert Counter(marked) <= Counter(wanted)
    spans = Counter(s.label for a in loaded.articles for s in a.spans or ())
    assert set(spans) == set(found.labels.entities)
