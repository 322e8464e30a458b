"""A task has a row for each score that it has, and for no other."""

from typing import Any

from benchmarks.instructions_table import instructions_table

ABOUT = {"measured_at": "2031-05-01T12:00:00", "revision": "abc", "changed_code": False}
ABOUT |= {"cores": 2, "python": "3.11", "load_average": 0.1, "threads": 1}
VALUE = {"value": 0.9, "low": 0.8, "high": 0.95}


def rows(*scored: str, of_sft: tuple[str, ...] = ()) -> list[str]:
    scores = {name: dict.fromkeys(scored, VALUE) for name in ("base", "sft", "grpo")}
    scores["sft"] |= dict.fromkeys(of_sft, VALUE)
    run: dict[str, Any] = {
        "task": "ag_news",
        "seed": 42,
        "examples": 4000,
        "steps": 140,
        "batch": 16,
        "test": 500,
        "majority": 0.258,
        "sft_cpu_seconds": 194.0,
        "grpo_cpu_seconds": 43.0,
        "grpo_difference": VALUE,
        "grpo_curve": "The mean reward rises.",
        "scores": scores,
    }
    lines = instructions_table(ABOUT | {"runs": [run]})
    return [line.split("|")[1].strip() for line in lines if line.startswith("|")][2:]


def test_what_is_not_asked_has_no_row() -> None:
    assert rows("json_validity", "topic_accuracy") == ["valid JSON", "topic right"]


def test_what_one_model_has_has_a_row() -> None:
    found = rows("json_validity", of_sft=("hallucinated",))
    assert found == ["valid JSON", "entities not in the text"]
