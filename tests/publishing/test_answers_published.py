"""What is published of an instruction model's answers."""

from pathlib import Path
from typing import Any

from corpus.articles import Article
from publishing.parts import leave_out
from publishing.predictions import generations, is_wrong, read_predictions, write_predictions


def row(identifier: str, predicted: Any, **more: Any) -> dict[str, Any]:
    gold = {"topic": "Sports", "entities": [{"text": "Ada", "type": "person"}]}
    return {
        "id": identifier, "gold": gold, "predicted": predicted, "written": str(predicted),
        "problem": "", "is_json": True, "invented": [], **more,
    }  # fmt: skip


RIGHT = {"topic": "Sports", "entities": [{"text": "Ada", "type": "person"}]}


def test_right_is_the_same_in_any_order_and_nothing_unreadable() -> None:
    two = {"topic": "Sports", "entities": [{"text": t, "type": "person"} for t in ("A", "B")]}
    other = {"topic": "Sports", "entities": two["entities"][::-1]}
    assert not is_wrong(row("a", RIGHT))
    assert not is_wrong(row("a", other, gold=two))
    assert is_wrong(row("a", {**RIGHT, "topic": "World"}))
    assert is_wrong(row("a", None, gold={"entities": []}))


def test_generations_show_right_and_wrong_and_quote_nothing_withheld() -> None:
    rows = [row(f"{i:02d}", RIGHT) for i in range(5)] + [
        row("10", None), row("11", {**RIGHT, "topic": "World"}), row("12", None),
    ]  # fmt: skip
    articles = [Article(r["id"], "Ada won.") for r in rows]
    found = generations(rows, articles, {"12"})
    assert [g.id for g in found] == ["00", "01", "02", "10", "11"]
    assert [g.right for g in found] == [True, True, True, False, False]


def test_answers_about_withheld_articles_stay_here(tmp_path: Path) -> None:
    write_predictions([row("a", RIGHT), row("b", RIGHT)], tmp_path / "test.jsonl")
    leave_out(tmp_path, {"b"})
    assert [r["id"] for r in read_predictions(tmp_path / "test.jsonl")] == ["a"]


def test_rows_are_read_back_whatever_a_model_wrote(tmp_path: Path) -> None:
    odd = row("a", None, written="one\u2028two\u0085three\x1c")
    write_predictions([odd], tmp_path / "test.jsonl")
    assert read_predictions(tmp_path / "test.jsonl") == [odd]
