"""The published Parquet files, read by load_dataset."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from datasets import load_dataset

from corpus.articles import Article, ReviewedArticle, Span, Split
from publishing.dataset import to_iob2, write_dataset

TOPICS = ["World", "Sports", "Business"]
TYPES = ["person", "event"]
TEXT = "👩‍🚀 Ada Obi won the Harbour Cup."
SPANS = (Span(4, 11, "person"), Span(20, 31, "event"))


def reviewed(
    identifier: str,
    split: Split,
    topic: str | None = "Business",
    spans: tuple[Span, ...] | None = SPANS,
) -> ReviewedArticle:
    article = Article(identifier, TEXT, title="T", source="x.csv")
    return ReviewedArticle(article, topic, spans, "majority", 3, 0.8889, False, split)


def write(rows: Sequence[ReviewedArticle], folder: Path) -> dict[str, int]:
    return write_dataset(rows, TOPICS, TYPES, folder)


def test_columns_and_labels(tmp_path: Path) -> None:
    counts = write(
        [reviewed("b", "train"), reviewed("a", "train"), reviewed("c", "test")], tmp_path
    )
    assert counts == {"train": 2, "validation": 0, "test": 1}
    assert not list(tmp_path.glob("data/validation*"))
    data = load_dataset("parquet", data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "c"))
    rows = data["train"]
    assert rows["id"] == ["a", "b"]
    assert rows.features["topic"].names == TOPICS
    assert rows[0]["topic"] == 2
    row = rows[0]
    assert [row["text"][s["start"] : s["end"]] for s in row["spans"]] == ["Ada Obi", "Harbour Cup"]
    names = rows.features["ner_tags"].feature.names
    tagged = dict(zip(row["tokens"], [names[tag] for tag in row["ner_tags"]], strict=True))
    assert tagged["Ada"] == "B-person"
    assert tagged["Obi"] == "I-person"
    assert tagged["Cup"] == "I-event"
    assert tagged["won"] == "O"


def test_unresolved_articles_stay_out(tmp_path: Path) -> None:
    rows = [
        reviewed("a", "train"),
        reviewed("b", "train", None),
        reviewed("c", "train", spans=None),
    ]
    assert write(rows, tmp_path)["train"] == 1


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    rows = [reviewed(name, "train") for name in "abc"]
    for folder, order in (("one", rows), ("two", rows[::-1])):
        write(order, tmp_path / folder)
    files = [next((tmp_path / folder).rglob("train*")).read_bytes() for folder in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("text", "spans", "tags"),
    [
        ("Ada-Obi ran", [Span(0, 7, "person")], ["B-person", "I-person", "I-person", "O"]),
        ("Obis ran", [Span(0, 3, "person")], ["B-person", "O"]),
        ("Ada Bo", [Span(0, 3, "person"), Span(4, 6, "person")], ["B-person", "B-person"]),
        ("Ada Bo", [Span(0, 3, "person"), Span(0, 6, "event")], ["B-event", "I-event"]),
        ("", [], []),
    ],
)
def test_iob2(text: str, spans: list[Span], tags: list[str]) -> None:
    assert to_iob2(text, spans)[1] == tags
