"""copydesk agreement and resolve on files, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk.commands import app
from corpus.errors import DeskError

ROWS = [
    ("1", "ann", "Sports"), ("1", "bob", "Sports"), ("1", "cy", "World"),
    ("2", "ann", "World"), ("2", "bob", "World"), ("2", "cy", "World"),
    ("3", "ann", "Sports"), ("3", "bob", "World"),
]  # fmt: skip
GOLD = {"1": "Sports", "2": "World", "3": "World"}


def run(*arguments: Any) -> str:
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.stdout


def as_json(*arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return found


def answers(rows: Any = ROWS) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["item_id", "annotator", "label"])
    frame["gold"] = frame["item_id"].map(GOLD)
    return frame


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    file = tmp_path / "answers.csv"
    answers().to_csv(file, index=False)
    return file


def test_agreement_prints_figures_with_intervals(csv: Path) -> None:
    found = as_json("agreement", csv)
    assert (found["kind"], found["items"], found["answers"], found["annotators"]) == (
        "topics",
        3,
        8,
        3,
    )
    assert found["percent"]["value"] == pytest.approx(4 / 7)
    figures = [found[name] for name in ("percent", "fleiss_kappa", "krippendorff_alpha")]
    figures += [row["cohen_kappa"] for row in (*found["per_annotator"].values(), *found["pairs"])]
    figures += [row[name] for row in found["per_label"].values() for name in ("f1", "kappa")]
    assert all(f["low"] <= f["value"] <= f["high"] for f in figures)
    shown = run("agreement", csv)
    assert "fleiss kappa" in shown and "ann and bob" in shown


def test_of_many_pairs_of_annotators_the_table_and_the_object_say_how_many_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "many.csv"
    rows = [(str(i), f"a{n}", "xy"[(i * n) % 2]) for i in range(4) for n in range(8)]
    answers(rows).to_csv(file, index=False)
    assert "and 8 pairs of annotators with less in common: see --json" in run("agreement", file)
    found = as_json("agreement", file)
    assert (len(found["pairs"]), found["pairs_left_out"]) == (28, 0)
    monkeypatch.setattr("copydesk.vote_file.MOST_PAIRS_IN_JSON", 5)
    found = as_json("agreement", file)
    assert (len(found["pairs"]), found["pairs_left_out"]) == (5, 23)


def test_resolve_scores_and_writes(csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "gold.parquet"
    found = as_json("resolve", csv, "--gold", "gold", "--out", out)
    assert found["decided_by"] == {"majority": 2, "tie": 1}
    assert found["accuracy"]["value"] == pytest.approx(2.5 / 3)
    assert found["accuracy"]["low"] < 2.5 / 3 < found["accuracy"]["high"]
    assert found["ties_wrong"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert found["ties_left_out"]["accuracy"]["value"] == 1
    rows = {row["item_id"]: row for row in pq.read_table(out).to_pylist()}
    assert (rows["1"]["label"], rows["1"]["rule"], rows["1"]["answers"]) == (
        "Sports",
        "majority",
        3,
    )
    assert rows["1"]["probability"] == pytest.approx(2 / 3)
    assert (rows["3"]["label"], rows["3"]["rule"]) == (None, "tie")
    assert "accuracy" in run("resolve", csv, "--gold", "gold")
    assert "accuracy" not in run("resolve", csv)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--rule", "trusted", "--trusted", "bob"], {"majority": 0, "trusted": 3}),
        (["--rule", "adjudicated", "--adjudicator", "cy"], {"adjudicated": 2, "tie": 1}),
        (["--rule", "dawid-skene"], {"dawid-skene": 3}),
    ],
)
def test_every_rule(csv: Path, flags: list[str], expected: dict[str, int]) -> None:
    decided = as_json("resolve", csv, *flags)["decided_by"]
    assert decided == {rule: n for rule, n in expected.items() if n}


def test_numbers_marks_and_missing_labels(tmp_path: Path) -> None:
    """Ids, annotators and labels as numbers; pandas writes 1 as 1.0 beside an empty cell."""
    frame = answers([(int(i), ord(a[0]), {"Sports": 1, "World": 0}[x]) for i, a, x in ROWS])
    frame["gold"] = frame["item_id"].map({1: 1, 2: 0})
    frame.loc[len(frame)] = [4, 97, None, None]
    marked, plain, parquet = (tmp_path / n for n in ("bom.csv", "plain.csv", "a.parquet"))
    frame.to_csv(marked, index=False, encoding="utf-8-sig")
    frame.to_csv(plain, index=False, sep=";")
    frame.to_parquet(parquet)
    found = as_json("resolve", marked, "--gold", "gold", "--rule", "trusted", "--trusted", "98")
    assert found["left_out"] == {"without an answer": 1}
    assert (found["compared"], found["without_gold"]) == (2, 1)
    assert found["accuracy"]["value"] == 1
    for file in (plain, parquet):
        flags = ["--delimiter", ";"] if file == plain else []
        assert (
            as_json("agreement", file, *flags)["percent"] == as_json("agreement", marked)["percent"]
        )
    out = tmp_path / "out.parquet"
    run("resolve", parquet, "--out", out)
    assert [row["item_id"] for row in pq.read_table(out).to_pylist()] == [1, 2, 3]


def test_spans_with_what_was_asked(tmp_path: Path) -> None:
    ada = {"start": 0, "end": 3, "label": "person"}
    rows = [
        ("1", "ann", "person", [ada]), ("1", "bob", "person", [ada]),
        ("1", "ann", "place", []), ("1", "cy", "place", []),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["doc", "who", "asked", "marks"])
    frame["right"] = frame["marks"]
    parquet, csv = tmp_path / "a.parquet", tmp_path / "a.csv"
    frame.to_parquet(parquet)
    frame.assign(marks=frame.marks.map(json.dumps), right=frame.right.map(json.dumps)).to_csv(csv)
    flags = ["--item-column", "doc", "--annotator-column", "who", "--spans-column", "marks"]
    for file in (parquet, csv):
        asked = [*flags, "--question-column", "asked"]
        found = as_json("resolve", file, *asked, "--gold", "right")
        assert (found["kind"], found["questions"]) == ("spans", 2)
        assert found["f1"]["value"] == found["precision"]["value"] == 1
        assert as_json("agreement", file, *asked)["f1_exact"]["value"] == 1
        with pytest.raises(DeskError, match=r"row 3.*answered item '1' in row 1 already"):
            run("agreement", file, *flags)
    out = tmp_path / "out.csv"
    run("resolve", csv, *flags, "--question-column", "asked", "--out", out)
    written = pd.read_csv(out)
    assert list(written.question) == ["person", "place"]
    assert json.loads(written.spans[0]) == [ada]


def test_spans_of_a_file_may_overlap_where_those_of_an_answer_do(tmp_path: Path) -> None:
    ada, prize = {"start": 0, "end": 3, "label": "p"}, {"start": 0, "end": 9, "label": "e"}
    both = [{"item_id": i, "annotator": w, "spans": [ada, prize]} for i in range(9) for w in "pq"]
    file, out = tmp_path / "a.jsonl", tmp_path / "gold.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in both), encoding="utf-8")
    run("resolve", file, "--rule", "dawid-skene", "--out", out)
    lines = out.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["spans"] for line in lines] == [[ada, prize]] * 9


def test_lists_of_labels_are_several(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [
        ("1", "p", ["a", "b"]),
        ("1", "q", ["b"]),
        ("1", "r", ["b"]),
        ("2", "p", []),
        ("2", "q", []),
    ]
    said = [{"item_id": i, "annotator": w, "label": x, "gold": ["b"]} for i, w, x in lines]
    file.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    found = as_json("resolve", file, "--gold", "gold")
    assert (found["kind"], found["f1"]["value"]) == ("labels", pytest.approx(2 / 3))
    # Of five answers to two items, item 1 is decided as its gold, item 2 is not.
    assert found["accuracy"]["value"] == found["ties_wrong"]["accuracy"]["value"] == 1 / 2
    assert as_json("agreement", file)["krippendorff_alpha"]["value"] < 1


@pytest.mark.parametrize("stray", ["label", "gold"])
def test_one_list_among_single_labels_leaves_accuracy(stray: str, tmp_path: Path) -> None:
    rows = [{"item_id": i, "annotator": w, "label": "x", "gold": "x"} for i in "12" for w in "pq"]
    odd = {"item_id": "3", "annotator": "p", "label": "x", "gold": "x"}
    odd |= {"label": []} if stray == "label" else {"gold": ["x", "y"]}
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, odd]), encoding="utf-8")
    assert as_json("resolve", file, "--gold", "gold")["accuracy"]["value"] == pytest.approx(2 / 3)


def test_agreement_on_one_label_is_null_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = [f"{i},{who},x\n" for i in range(3) for who in "ab"]
    file.write_text("item_id,annotator,label\n" + "".join(rows), encoding="utf-8")
    found = as_json("agreement", file)
    assert found["percent"]["value"] == 1 and found["percent"]["low"] < 1
    assert found["fleiss_kappa"] is found["krippendorff_alpha"] is None
    assert found["per_label"]["x"]["kappa"] is found["pairs"][0]["cohen_kappa"] is None
    shown = run("agreement", file)
    assert "fleiss kappa         not defined: all answers are one label" in shown
    assert "not defined" in shown.split("annotator ")[1]


def test_what_is_not_defined_is_null_and_said(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("item_id,annotator,label,gold\n1,a,x,x\n1,b,y,x\n", encoding="utf-8")
    found = as_json("resolve", file, "--gold", "gold")
    assert found["ties_left_out"] == {"accuracy": None}
    assert found["accuracy"]["value"] == 1 / 2
    shown = run("resolve", file, "--gold", "gold")
    assert "ties left out:\n  accuracy             not defined" in shown


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


def test_whatever_stops_the_writing_nothing_is_left(
    tmp_path: Path, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("corpus.votes.write.json.dumps", stop)
    # The runner of the command line turns an interruption into an exit.
    CliRunner().invoke(app, ["resolve", str(csv), "--out", str(tmp_path / "out.jsonl")])
    assert list(tmp_path.iterdir()) == [csv]


def test_a_seed_below_nought_is_refused(csv: Path) -> None:
    found = CliRunner().invoke(app, ["agreement", str(csv), "--seed", "-1"])
    assert found.exit_code == 2 and "greater than or equal to 0" in found.output


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


def test_the_crowd_on_real_articles(shared_data: Path) -> None:
    file = shared_data / "crowd_agnews_topics.parquet"
    assert round(as_json("agreement", file)["fleiss_kappa"]["value"], 3) == 0.746
    found = as_json("resolve", file, "--gold", "gold")
    assert (found["compared"], found["without_gold"], found["ties"]) == (3999, 1, 57)
    assert round(found["accuracy"]["value"], 3) == 0.801
    weighed = as_json("resolve", file, "--gold", "gold", "--rule", "dawid-skene")
    assert weighed["accuracy"]["value"] > 0.8


def test_the_crowd_on_real_tweets(shared_data: Path) -> None:
    file = shared_data / "crowd_btc_spans.parquet"
    counted = as_json("resolve", file, "--gold", "gold_spans")
    weighed = as_json("resolve", file, "--gold", "gold_spans", "--rule", "dawid-skene")
    assert counted["questions"] == 6554
    assert weighed["f1"]["low"] > counted["f1"]["high"]
