"""Labelled files of many makers: the same rows whoever wrote them, and every fault by its row."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from corpus.articles import Span
from corpus.errors import DeskError
from corpus.labelled.columns import Columns, FileForm
from corpus.labelled.parts import find_repeats, to_parts
from corpus.labelled.read import Kind, LabelledFile, read_labelled, read_plain

TEXT = "🎉 Ada met Bo."
SPANS = [{"start": 2, "end": 5, "label": "person"}, {"start": 10, "end": 12, "label": "person"}]
WANTED = (Span(2, 5, "person"), Span(10, 12, "person"))


def read(path: Path, kind: Kind = "topics", **names: Any) -> LabelledFile:
    return read_labelled(path, kind, Columns(**names), FileForm())


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def by_datasets(path: Path) -> Path:
    span = {"start": Value("int64"), "end": Value("int64"), "label": ClassLabel(names=["person"])}
    features = Features({"text": Value("string"), "spans": List(span)})
    numbered = [{**s, "label": 0} for s in SPANS]
    data = Dataset.from_dict({"text": [TEXT], "spans": [numbered]}, features=features)
    data.to_parquet(str(path.with_suffix(".parquet")))
    return path.with_suffix(".parquet")


def by_pandas(path: Path) -> Path:
    pd.DataFrame({"text": [TEXT], "spans": [SPANS]}).to_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def as_csv(path: Path) -> Path:
    frame = pd.DataFrame({"text": [TEXT], "spans": [json.dumps(SPANS)]})
    frame.to_csv(path.with_suffix(".csv"), index=False)
    return path.with_suffix(".csv")


def as_lists(path: Path) -> Path:
    lists = {key: [span[key] for span in SPANS] for key in ("start", "end", "label")}
    return jsonl(path.with_suffix(".jsonl"), {"text": TEXT, "spans": lists})


def as_array(path: Path) -> Path:
    path.with_suffix(".json").write_text(json.dumps([{"text": TEXT, "spans": SPANS}], indent=1))
    return path.with_suffix(".json")


@pytest.mark.parametrize("write", [by_datasets, by_pandas, as_csv, as_lists, as_array])
def test_the_same_spans_whoever_wrote_them(write: Callable[[Path], Path], tmp_path: Path) -> None:
    found = read(write(tmp_path / "file"), "entities")
    assert [(row.text, row.spans) for row in found.rows] == [(TEXT, WANTED)]
    assert (found.labels, found.splits) == (("person",), False)


def test_classes_have_the_names_and_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["World", "Sports", "Business"]
    features = Features({"text": Value("string"), "topic": ClassLabel(names=names)})
    rows = {"text": ["a", "b", "c"], "topic": [2, 0, -1]}
    Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "f.parquet"))
    found = read(tmp_path / "f.parquet")
    assert [row.topics for row in found.rows] == [("Business",), ("World",)]
    assert (found.labels, found.left_out) == (tuple(names), {"without topic": 1})


@pytest.mark.parametrize(
    ("topics", "wanted", "labels"),
    [
        ([10, 9, 2], [("10",), ("9",), ("2",)], ("2", "9", "10")),
        ([1.0, None, 0.0], [("1",), ("0",)], ("0", "1")),
        ([["b", "a"], [], ["a"]], [("b", "a"), (), ("a",)], ("a", "b")),
        ([["b", None], ["", "a"], ["a"]], [("b",), ("a",), ("a",)], ("a", "b")),
        ([" a", "a ", "  "], [("a",), ("a",)], ("a",)),
    ],
    ids=["numbers", "numbers-with-gaps", "lists", "lists-with-gaps", "space"],
)
def test_topics_are_text_numbers_or_lists(
    topics: list[Any], wanted: list[Any], labels: tuple[str, ...], tmp_path: Path
) -> None:
    frame = pd.DataFrame({"text": ["x", "y", "z"], "topic": topics})
    frame.to_parquet(tmp_path / "f.parquet")
    found = read(tmp_path / "f.parquet")
    assert [row.topics for row in found.rows] == wanted
    assert found.labels == labels


def test_columns_title_and_splits_by_their_usual_names(tmp_path: Path) -> None:
    names = ["train", "dev", "valid", "validation", "test"]
    rows = [{"head": "H", "body": f"b{i}", "label": "x", "part": s} for i, s in enumerate(names)]
    file = read(
        jsonl(tmp_path / "f.jsonl", *rows),
        text="body",
        topic="label",
        split="part",
        title="head",
    )
    assert file.rows[0].text == "H\nb0"
    assert [row.split for row in file.rows] == ["train", *["validation"] * 3, "test"]
    assert not to_parts(file, 1).kept_back


def test_rows_without_text_or_label_are_counted(tmp_path: Path) -> None:
    rows = [
        {"text": "a", "topic": "x"},
        {"text": " ", "topic": "x"},
        {"text": "b", "topic": None},
        {"text": "c", "topic": "y", "more": 1},
        {"text": "d"},
    ]
    found = read(jsonl(tmp_path / "f.jsonl", *rows))
    assert [row.number for row in found.rows] == [1, 4]
    assert found.left_out == {"without text": 1, "without topic": 2}


FAULTS: list[tuple[str, Kind, list[Any], str]] = [
    ("outside", "entities", [{"text": "ab", "spans": [{"start": 0, "end": 3, "label": "x"}]}],
     r"row 1: span 0-3 \(x\) is outside the text of 2 code points"),
    ("empty-span", "entities", [{"text": "ab", "spans": [{"start": 1, "end": 1, "label": "x"}]}],
     "row 1: span 1-1 .* holds no character"),
    ("other-text", "entities",
     [{"text": "ab", "spans": [{"start": 0, "end": 1, "label": "x", "text": "b"}]}],
     "row 1: span 0-1 .* says 'b', but the text has 'a'"),
    ("no-end", "entities", [{"text": "ab", "spans": []}, {"text": "ab", "spans": [{"start": 0}]}],
     "row 2: span .* lacks start, end or label"),
    ("half-offset", "entities",
     [{"text": "ab", "spans": [{"start": 0.5, "end": 1, "label": "x"}]}], "start is not a whole"),
    ("mixed-topics", "topics", [{"text": "a", "topic": "x"}, {"text": "b", "topic": 3}],
     "row 2: topic 3 is a number, that of row 1 is a text"),
    ("text-is-number", "topics", [{"text": 5, "topic": "x"}], "row 1: 5 is of type int"),
    ("no-text-key", "topics", [{"body": "a", "topic": "x"}], "no column 'text' .*'body', 'topic'"),
    ("no-topic-key", "topics", [{"text": "a"}, {"text": "b"}], "no column 'topic'"),
    ("split", "topics", [{"text": "a", "topic": "x", "split": "holdout"}], "split 'holdout'"),
    ("some-splits", "topics",
     [{"text": "a", "topic": "x", "split": "test"}, {"text": "b", "topic": "x"}], "row 2: split"),
    ("not-an-object", "topics", [["a", "x"]], "row 1 holds a str"),
    ("nan-offset", "entities",
     [{"text": "ab", "spans": [{"start": 0, "end": float("inf"), "label": "x"}]}], "end is not a"),
    ("infinite-topic", "topics", [{"text": "a", "topic": float("inf")}], "row 1: label inf"),
    ("blank-label", "entities", [{"text": "ab", "spans": [{"start": 0, "end": 1, "label": " "}]}],
     "has no label"),
    ("nothing-left", "topics", [{"text": "", "topic": "x"}], "no row with a text and topic"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "rows", "said"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_is_said_with_its_row(
    kind: Kind, rows: list[Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DeskError, match=said) as error:
        read(jsonl(tmp_path / "f.jsonl", *rows), kind)
    assert error.value.next_step


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.csv", b"", "is empty"),
        ("f.csv", b"text,topic\n", "has no rows"),
        ("f.csv", "text,topic\nCaf\u00e9,x\n".encode("latin-1"), "byte 0xe9 in line 2"),
        ("f.csv", b"text,topic\n" + b"a,x\n" * 40 + b"\xff,x\n" + b"a,x\n" * 9, "0xff in line 42"),
        ("f.csv", b"text;topic\na;x\n", "its delimiter is another"),
        ("f.csv", b"text,topic\na,x,y\n", "row 1 has 3 cells, the header has 2"),
        ("f.csv", b"text,text\na,x\n", "columns of the same name: 'text'"),
        ("f.csv", b'text,topic\n"a,x\n', "is not csv"),
        ("f.csv", b"PK\x03\x04zip", "is a zip or Excel file"),
        ("f.csv", b"<html></html>\n", "HTML or XML"),
        ("f.jsonl", b'{"text": "a", "topic": "x"}\n{"text"\n', "line 2, column 8 is not JSON"),
        ("f.json", b'[{"text": "a"},\n{"text": ]\n', "line 2, column 10 is not JSON: Exp"),
        ("f.json", b'[{"text": "a"},\n{"text": "\xff"}]\n', "byte 0xff in line 2"),
        ("f.jsonl", b'{"text": "\xff", "topic": "x"}\n', "is not utf-8"),
        ("f.parquet", b"text,topic\n", "cannot be read as Parquet"),
        ("f.xlsx", b"PK", "its suffix tells no format"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DeskError, match=said):
        read(tmp_path / name)


def test_labels_may_be_named_and_then_no_other_may_occur(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "f.jsonl", {"text": "a", "topic": "x"}, {"text": "b", "topic": "y"})
    named = read_labelled(path, "topics", Columns(), FileForm(), ("y", "x", "z"))
    assert named.labels == ("y", "x", "z")
    with pytest.raises(DeskError, match="row 2: label 'y' is not among x"):
        read_labelled(path, "topics", Columns(), FileForm(), ("x",))


def test_a_tenth_of_each_label_validates_and_repeats_stay_together(tmp_path: Path) -> None:
    rows = [{"text": f"text {i % 90}", "topic": "ab"[i % 90 >= 60]} for i in range(180)]
    file = read(jsonl(tmp_path / "f.jsonl", *rows))
    parts = to_parts(file, 7)
    held = [row for row in file.rows if parts.splits[row.number] == "validation"]
    assert parts.kept_back
    assert parts.splits == to_parts(file, 7).splits != to_parts(file, 8).splits
    assert [sum(r.topics == (t,) for r in held) for t in "ab"] == [12, 6]
    assert not {r.text for r in held} & {
        r.text for r in file.rows if parts.splits[r.number] == "train"
    }


def test_the_last_text_of_a_label_teaches_it(tmp_path: Path) -> None:
    rows = [{"text": f"text {i}", "topic": "ab"[i % 2]} for i in range(45)]
    file = read(jsonl(tmp_path / "f.jsonl", *rows, {"text": "lions", "topic": "zoo"}))
    for seed in range(20):
        parts = to_parts(file, seed)
        assert parts.splits[46] == "train"
        assert parts.count("validation") >= 4


def test_labels_of_the_test_split_alone_are_not_learned(tmp_path: Path) -> None:
    rows = [{"text": t, "topic": t, "split": s} for t, s in (("a", "train"), ("b", "dev"))]
    rows.append({"text": "c", "topic": "c", "split": "test"})
    file = read(jsonl(tmp_path / "f.jsonl", *rows))
    assert file.labels == ("a", "b")
    assert len(file.rows) == 3


def test_texts_of_train_that_stand_in_test_are_counted(tmp_path: Path) -> None:
    story = "The mayor of the town opened a new bridge over the old river on Monday"
    rows = [
        {"text": story, "topic": "x", "split": "train"},
        {"text": "Something else was said", "topic": "x", "split": "train"},
        {"text": f"{story} evening", "topic": "x", "split": "train"},
        {"text": story, "topic": "x", "split": "test"},
    ]
    file = read(jsonl(tmp_path / "f.jsonl", *rows))
    found = find_repeats(file, to_parts(file, 1))
    assert (found.exact, found.near, found.first) == (1, 1, (1, 4))


def test_plain_rows_are_a_stream_with_their_ids(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "f.jsonl", {"id": 7, "text": "a"}, {"id": "b", "text": None})
    found = list(read_plain(path, "topics", Columns(), FileForm()))
    assert [(row.number, row.id, row.text) for row in found] == [(1, 7, "a"), (2, "b", "")]
    # A fault far down the file does not keep the rows before it from being read.
    path.write_text('{"text": "a \\ud83d b"}\nbroken\n', encoding="utf-8")
    rows = read_plain(path, "entities", Columns(), FileForm())
    assert next(rows).text == "a \ufffd b"
    with pytest.raises(DeskError, match="line 2"):
        next(rows)
