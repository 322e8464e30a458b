"""Every reader, on good and on bad input."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.articles import Span, without_overlaps
from corpus.errors import DeskError
from corpus.settings.labels import LabelSettings
from corpus.settings.source import Columns, SourceSettings
from corpus.sources.read import LoadedArticles, read_articles

LABELS = LabelSettings(
    topics={"World": "w", "Sports": "s"}, entities={"person": "p", "location": "l"}
)
COLUMNS = Columns(text="text", topic="topic", spans="spans")


def read(path: Path, **settings: Any) -> LoadedArticles:
    settings = {"columns": COLUMNS, **settings}
    return read_articles(SourceSettings(path=str(path), **settings), LABELS)


def write_jsonl(folder: Path, *rows: Any) -> Path:
    file = folder / "news.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_same_articles_from_jsonl_parquet_and_csv(tmp_path: Path) -> None:
    rows = [
        {"text": "Ada met Bo.\r\nIn Rīga 👩‍🚀", "topic": "World",
         "spans": [{"start": 0, "end": 3, "label": "person"}]},
        {"text": "e\u0301migré wins", "topic": "Sports", "spans": []},
    ]  # fmt: skip
    jsonl = write_jsonl(tmp_path, *rows)
    parquet = tmp_path / "news.parquet"
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    table = tmp_path / "news.csv"
    cells = [(r["text"], r["topic"], json.dumps(r["spans"]).replace('"', '""')) for r in rows]
    table.write_text(
        "text,topic,spans\n" + "".join(f'"{t}",{k},"{s}"\n' for t, k, s in cells),
        encoding="utf-8",
        newline="",
    )
    found = [
        [(a.id, a.text, a.topic, a.spans) for a in read(file).articles]
        for file in (jsonl, parquet, table)
    ]
    assert found[0] == found[1] == found[2]
    assert found[0][0][1] == rows[0]["text"]
    assert found[0][0][3] == (Span(0, 3, "person"),)
    assert found[0][1][3] == ()


def test_headerless_csv_by_position(tmp_path: Path) -> None:
    file = tmp_path / "raw.csv"
    file.write_text('"1","A title","A, text"\n"2","Other","More"\n', encoding="utf-8")
    loaded = read(
        file,
        header=False,
        columns=Columns(topic=0, text=[1, 2]),
        topic_values={"1": "World", "2": "Sports"},
    )
    assert [(a.text, a.topic) for a in loaded.articles] == [
        ("A title\nA, text", "World"),
        ("Other\nMore", "Sports"),
    ]


def test_rows_without_text_and_repeats_are_counted(tmp_path: Path) -> None:
    rows = [{"text": t, "topic": "World", "spans": []} for t in ("One", "", "One", "  ", "Two")]
    loaded = read(write_jsonl(tmp_path, *rows))
    assert [a.text for a in loaded.articles] == ["One", "Two"]
    assert loaded.skipped == {"no text": 2, "repeated article": 1}
    assert loaded.read == len(loaded.articles) + sum(loaded.skipped.values())


def test_of_overlapping_spans_the_longest_then_the_first_stays(tmp_path: Path) -> None:
    marks = [(0, 4, "person"), (0, 11, "location"), (7, 14, "person"), (12, 16, "location")]
    spans = [{"start": s, "end": e, "label": kind} for s, e, kind in marks]
    found = read(write_jsonl(tmp_path, {"text": "New York Stock Exchange", "topic": None,
                                        "spans": spans}))  # fmt: skip
    assert found.articles[0].spans == (Span(0, 11, "location"), Span(12, 16, "location"))
    assert found.repairs == {"overlapping span dropped": 2}
    assert without_overlaps([Span(2, 6, "b"), Span(0, 4, "a")]) == [Span(0, 4, "a")]


def test_a_quote_that_is_never_closed_does_not_swallow_rows(tmp_path: Path) -> None:
    file = tmp_path / "news.csv"
    file.write_text('topic,text\nWorld,"He said so\nSports,match won\n', encoding="utf-8")
    with pytest.raises(DeskError, match=r"news.csv line 3 is not csv: unexpected end of data"):
        read(file, columns=Columns(text="text", topic="topic"))


def test_unknown_labels_name_the_mapping_that_mends_them(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path, {"text": "One", "topic": "Weather", "spans": []})
    with pytest.raises(DeskError, match=r"row 1: topic 'Weather' is not in the schema") as error:
        read(file)
    assert "source.topic_values" in error.value.next_step
    assert read(file, topic_values={"Weather": None}).articles[0].topic is None


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"start": 0, "end": 99, "label": "person"}, "the text of 3 code points"),
        ({"start": 2, "end": 1, "label": "person"}, "the text of 3 code points"),
        ({"start": 0, "end": 3, "label": "person", "text": "Two"}, "says 'Two'.*has 'One'"),
        ({"start": 0, "end": 3, "label": "alien"}, "entity 'alien' is not in the schema"),
        ({"start": 0, "label": "person"}, "lacks start, end or label"),
    ],
)
def test_spans_that_disagree_with_the_text(
    tmp_path: Path, span: dict[str, Any], message: str
) -> None:
    file = write_jsonl(tmp_path, {"text": "One", "topic": "World", "spans": [span]})
    with pytest.raises(DeskError, match=message):
        read(file)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"text,topic,spans\n", "gives no article"),
        ("a.csv", b"text,topic\nOne,World\n", "has no column 'spans'"),
        ("a.csv", b"text,topic,spans\nOne,World\n", "2 cells, but the first row has 3"),
        ("a.csv", b"PK\x03\x04rest", "Excel"),
        ("a.csv", b"<!doctype html>", "HTML"),
        ("a.csv", b"text,topic,spans\n\x85\xe9,World,\n", "not utf-8: byte 0x85"),
        ("a.jsonl", b'{"text": "One"}\n{"text": ', "line 2 is not JSON"),
        ("a.jsonl", b"[1, 2]\n", "holds a list"),
        ("a.jsonl", b"[" * 100_000, "is not JSON"),
        ("a.parquet", b"not parquet", "cannot be read as Parquet"),
        ("a.xlsx", b"x", "no suffix tells"),
    ],
)
def test_bad_files_say_what_and_what_next(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DeskError, match=message) as error:
        read(file)
    assert error.value.next_step


def test_other_encodings(tmp_path: Path) -> None:
    utf16 = tmp_path / "utf16.csv"
    utf16.write_bytes("text,topic,spans\nÅland,World,\n".encode("utf-16"))
    assert read(utf16).articles[0].text == "Åland"
    latin = tmp_path / "latin.csv"
    latin.write_bytes("text,topic,spans\nÅland,World,\n".encode("latin-1"))
    assert read(latin, encoding="latin-1").articles[0].text == "Åland"


def test_line_separators_inside_json_strings_are_text(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    row = json.dumps({"text": "a\u2028b\u0085c", "topic": "World"}, ensure_ascii=False)
    file.write_text(row, encoding="utf-8")
    assert read(file, columns=Columns(text="text")).articles[0].text == "a\u2028b\u0085c"


def test_the_sample_keeps_its_promises() -> None:
    from corpus.dedup import near_duplicates
    from corpus.desk import read_desk

    desk = read_desk("desk.yaml")
    articles = read_articles(desk.source, desk.labels).articles
    assert len(articles) >= 360
    for topic in desk.labels.topics:
        assert sum(a.topic == topic for a in articles) >= 80
    words = [len(a.text.split()) for a in articles]
    assert min(words) >= 30
    assert max(words) <= 120
    types = {span.label for a in articles for span in a.spans or ()}
    assert types == set(desk.labels.entities)
    assert near_duplicates(articles, threshold=0.3) == []


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "encodings", "feeds", "text", "real"])
def test_real_files_load_or_say_why(shared_data: Path, kind: str) -> None:
    """Files of the wild: articles or a clear error, never a traceback of another kind."""
    seen = 0
    for file in sorted((shared_data / "robust" / kind).iterdir()):
        for form in ("csv", "jsonl", "parquet"):
            seen += 1
            columns = Columns(text=0) if form == "csv" else Columns(text="text")
            try:
                loaded = read(file, format=form, header=form != "csv", columns=columns)
            except DeskError as error:
                assert error.next_step
            else:
                assert loaded.articles
    assert seen
