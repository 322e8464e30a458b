"""Files of predictions: whole or resumable, the same whether a run was killed or not."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DeskError
from corpus.labelled.read import PlainRow
from training.prediction import to_file
from training.prediction.to_file import predict_to_file

ROWS = [PlainRow(n, f"id{n}", f"text {n} é") for n in range(1, 26)]
SAME = {"model": "a", "data": ["f", 1]}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_file, "PART_ROWS", 4)


def model(calls: list[int], fail_after: int = 99) -> Callable[..., list[dict[str, Any]]]:
    def predict(rows: Sequence[PlainRow]) -> list[dict[str, Any]]:
        if len(calls) == fail_after:
            raise RuntimeError("killed")
        calls.append(len(rows))
        # What a model says may depend on the batch; a resumed run must make the same ones.
        return [{"id": row.id, "topic": f"{row.text} of {rows[0].number}"} for row in rows]

    return predict


def test_every_row_in_order_and_twice_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "p.jsonl"
    progress: list[int] = []
    first = predict_to_file(ROWS, model([]), out, SAME, progress.append)
    assert (first.rows, first.resumed, first.changed) == (25, 0, True)
    assert progress == [4, 8, 12, 16, 20, 24, 25]
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in found] == [row.id for row in ROWS]
    before = out.stat()
    assert not predict_to_file(ROWS, model([]), out, SAME).changed
    assert (out.stat().st_mtime_ns, out.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert [file.name for file in out.parent.iterdir()] == ["p.jsonl"]


@pytest.mark.parametrize("torn", [b"", b'{"id": "id9", "to', b'{"id": "id9", "topic": "x"}\n'])
def test_a_killed_run_goes_on_to_the_same_file(torn: bytes, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "p.jsonl"
    predict_to_file(ROWS, model([]), whole, SAME)
    with pytest.raises(RuntimeError, match="killed"):
        predict_to_file(ROWS, model([], fail_after=2), out, SAME)
    assert not out.exists()
    with (tmp_path / "p.jsonl.part").open("ab") as file:
        file.write(torn)
    calls: list[int] = []
    found = predict_to_file(ROWS, model(calls), out, SAME)
    assert (found.rows, found.resumed, sum(calls)) == (25, 8, 17)
    assert out.read_bytes() == whole.read_bytes()


def test_what_another_model_left_is_not_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "p.jsonl"
    with pytest.raises(RuntimeError):
        predict_to_file(ROWS, model([], fail_after=2), out, SAME)
    assert predict_to_file(ROWS, model([]), out, {**SAME, "model": "b"}).resumed == 0


def test_a_file_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    for content in ('{"text": "a", "topic": "x"}\n', "text,topic\n", "[1]\n"):
        (tmp_path / "p.jsonl").write_text(content)
        with pytest.raises(DeskError, match="is no file of predictions"):
            predict_to_file(ROWS, model([]), tmp_path / "p.jsonl", SAME)
        assert (tmp_path / "p.jsonl").read_text() == content


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    out = tmp_path / "p.jsonl"

    def second(rows: Sequence[PlainRow]) -> list[dict[str, Any]]:
        with pytest.raises(DeskError, match="Another run is writing"):
            predict_to_file(ROWS, model([]), out, SAME)
        return [{"spans": []} for _ in rows]

    assert predict_to_file(ROWS, second, out, SAME).rows == 25
