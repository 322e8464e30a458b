"""Which files copydesk agreement and resolve read, which they refuse, what they leave behind."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from corpus.errors import DeskError
from tests.voting import answers, as_json, run


@pytest.mark.parametrize(
    ("content", "flags", "said"),
    [
        ("", [], "is empty"),
        ("item_id,annotator,label\n", [], "holds no answer"),
        ("item_id,annotator,label\n1,a,\n1,b,\n", [], "2 without an answer"),
        ("item_id,annotator,label\n1,a,x\n2,a,y\n", [], "answers of one annotator, 'a'"),
        ("item_id,annotator,label\n1,a,x\n2,b,y\n", [], "nothing to compare"),
        ("item_id,annotator,label\n1,a,x\n1,a,y\n", [], "row 2: annotator 'a' answered item '1'"),
        ("item_id,annotator,label\n1,,x\n", [], "row 1: its annotator is empty"),
        ("item_id,annotator,label\n1,a,x,z\n", [], "has 4 cells"),
        ("item_id,annotator,label,spans\n1,a,x,[]\n", [], "has labels and spans"),
        ("item_id,annotator,topic\n1,a,x\n", [], "no column 'label' and no column 'spans'"),
        ("item,annotator,label\n1,a,x\n", [], "no column 'item_id'"),
        ("item_id,annotator,label\n1,a,x\n", ["--label-column", "topic"], "no column 'topic'"),
        ("item_id,annotator,spans\n1,a,[1]\n", [], "lacks start, end or label"),
        ("<html><body>no</body></html>", [], "HTML"),
        ("PK\x03\x04 not a table", [], "a zip or Excel file"),
    ],
)
def test_what_is_no_such_file_says_why(
    content: str, flags: list[str], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DeskError) as error:
        run("agreement", file, *flags)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--rule", "best"], "--rule 'best' is not known"),
        (["--rule", "trusted"], "needs to know whose answers win"),
        (["--rule", "trusted", "--trusted", "eve"], "'eve' answered nothing"),
        (["--trusted", "ann"], "--trusted is not read by rule majority"),
        (["--gold", "right"], "no column 'right'"),
        (["--gold", ""], "--gold is empty"),
        (["--gold", "blank"], "has a gold"),
        (["--out", "gold.txt"], "none of the suffixes"),
        (["--out", "nowhere/gold.csv"], "folder is not there"),
    ],
)
def test_options_that_do_not_fit_say_why(flags: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    answers().assign(blank="").to_csv(file, index=False)
    with pytest.raises(DeskError) as error:
        run("resolve", file, *flags)
    assert said in str(error.value)


def test_labels_are_the_same_in_every_form_and_place(tmp_path: Path) -> None:
    """3.0 is 3 and 1.5 is 1.5, alone, in lists and in spans; a bracket makes no list."""

    def labels(name: str, *said: Any) -> list[Any]:
        file, out = tmp_path / name, tmp_path / "out.jsonl"
        role = "spans" if isinstance(said[0], list) and isinstance(said[0][0], dict) else "label"
        rows = [{"item_id": n, "annotator": "a", role: x} for n, x in enumerate(said)]
        if name.endswith(".csv"):
            as_text = [{**r, role: x if isinstance(x := r[role], str) else json.dumps(x)}
                       for r in rows]  # fmt: skip
            pd.DataFrame(as_text).to_csv(file, index=False)
        else:
            file.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        run("resolve", file, "--out", out)
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        return [line[role] for line in lines]

    for name in ("a.csv", "a.jsonl"):
        assert labels(name, 3.0, "3.0", 1.5, "1.5", 3) == ["3", "3", "1.5", "1.5", "3"]
        assert labels(name, [3.0, "x"], ["3.0"], [1.5]) == [["3", "x"], ["3"], ["1.5"]]
        spans = [[{"start": 0, "end": 1, "label": x}] for x in (3.0, "3.0", 1.5)]
        assert [row[0]["label"] for row in labels(name, *spans)] == ["3", "3", "1.5"]
        assert labels(name, "[sic] foo", "[sic]", "x") == ["[sic] foo", "[sic]", "x"]
        for broken in ('["a"', "['a', 'b']"):
            with pytest.raises(DeskError, match="is not JSON"):
                labels(name, broken)
        with pytest.raises(DeskError, match="has an empty place"):
            labels(name, ["a", None])


def test_half_of_a_character_is_replaced(tmp_path: Path) -> None:
    """JSON can name one half of a pair of surrogates, which no file can be written with."""
    file = tmp_path / "a.jsonl"
    rows = [{"item_id": "i\ud83d", "annotator": w, "label": "x\ud83d"} for w in ("p", "q\ud83d")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for suffix in ("jsonl", "csv", "parquet"):
        run("resolve", file, "--out", tmp_path / f"out.{suffix}")
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (row["item_id"], row["label"]) == ("i\ufffd", "x\ufffd")
    assert list(as_json("agreement", file)["per_annotator"]) == ["p", "q\ufffd"]
    span = {"start": 0, "end": 1, "label": "x\ud83d"}
    rows = [{"item_id": "i", "annotator": "a", "spans": [span]}]
    file.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    run("resolve", file, "--out", tmp_path / "out.jsonl")
    assert "x\ufffd" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        (pd.to_datetime(["2031-05-01", "2031-05-02"]), "2031-05-01 00:00:00"),
        ([b"one", b"two"], "one"),
    ],
)
def test_ids_that_are_neither_text_nor_numbers(ids: Any, text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pd.DataFrame({"item_id": ids, "annotator": ["a", "a"], "label": ["x", "y"]}).to_parquet(file)
    run("resolve", file, "--out", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["item_id"] == text
    run("resolve", file, "--out", tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv").item_id[0] == text
    run("resolve", file, "--out", tmp_path / "out.parquet")
    assert [r["item_id"] for r in pq.read_table(tmp_path / "out.parquet").to_pylist()] == list(ids)


@pytest.mark.parametrize("end", [10**30, 10**400])
def test_numbers_that_parquet_cannot_hold_leave_nothing(end: int, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    span = {"start": 0, "end": end, "label": "x"}
    file.write_text(json.dumps({"item_id": 1, "annotator": "a", "spans": [span]}))
    with pytest.raises(DeskError, match=r"cannot hold what was answered.*too"):
        run("resolve", file, "--out", tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == [file]
    run("resolve", file, "--out", tmp_path / "out.jsonl")
    assert str(end) in (tmp_path / "out.jsonl").read_text()


def test_a_parquet_file_that_does_not_open(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"PAR1 but no more")
    with pytest.raises(DeskError, match="cannot be read as Parquet"):
        run("resolve", file)
    with pytest.raises(DeskError, match="is not there"):
        run("resolve", tmp_path / "none.csv")


def test_two_golds_of_one_item(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    frame = answers()
    frame.loc[1, "gold"] = "World"
    frame.to_csv(file, index=False)
    with pytest.raises(DeskError, match="an item has one gold"):
        run("resolve", file, "--gold", "gold")
