"""copydesk agreement and resolve on files: what they come to, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk.commands import app
from corpus.errors import DeskError
from tests.voting import ROWS, answers, as_json, run


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
    agreement = as_json("agreement", file)
    assert agreement["krippendorff_alpha"]["value"] < 1
    # Of three pairs of answers to item 1 one is the same, and the one to item 2.
    assert agreement["percent"]["value"] == agreement["pairs"][0]["percent"]["value"] == 2 / 4
    assert "f1_overlap" not in json.dumps(agreement)
    assert "percent" not in agreement["per_label"]["a"]
    shown = run("agreement", file)
    assert "percent              0.500" in shown and "overlap" not in shown


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


def test_a_seed_below_nought_is_refused(csv: Path) -> None:
    found = CliRunner().invoke(app, ["agreement", str(csv), "--seed", "-1"])
    assert found.exit_code == 2 and "greater than or equal to 0" in found.output


def test_whatever_stops_the_writing_nothing_is_left(
    tmp_path: Path, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("corpus.votes.write.json.dumps", stop)
    # The runner of the command line turns an interruption into an exit.
    CliRunner().invoke(app, ["resolve", str(csv), "--out", str(tmp_path / "out.jsonl")])
    assert list(tmp_path.iterdir()) == [csv]


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
