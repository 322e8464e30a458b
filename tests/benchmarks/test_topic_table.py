"""What is missed is said beside the figure that misses."""

from typing import Any

from benchmarks.topic_ladder import summed
from benchmarks.topic_table import topics_table


def run(who: str, per_class: int, accuracy: float, cpu_seconds: float) -> dict[str, Any]:
    found = {"who": who, "per_class": per_class, "accuracy": accuracy, "ece": 0.1, "seed": 0}
    return found | {"cpu_seconds": cpu_seconds, "rung": "setfit"}


def cells_of(runs: list[dict[str, Any]]) -> list[str]:
    about = {"measured_at": "2031-05-01T12:00:00", "revision": "abc", "changed_code": False}
    about |= {"cores": 2, "python": "3.11", "load_average": 0.1, "threads": 1, "test_rows": 100}
    row = topics_table({**about, "rows": summed(runs)})[-1]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_lower_accuracy_and_a_larger_share_are_marked_where_they_stand() -> None:
    cells = cells_of([run("ours", 64, 0.87, 20.0), run("setfit", 64, 0.88, 100.0)])
    assert (cells[3], cells[7]) == ("0.8700 ± 0.000 (missed)", "0.200")
    cells = cells_of([run("ours", 64, 0.88, 30.0), run("setfit", 64, 0.88, 100.0)])
    assert (cells[3], cells[7]) == ("0.8800 ± 0.000", "0.300 (missed)")


def test_without_reference_both_have_figures_of_their_own() -> None:
    cells = cells_of([run("ours", 500, 0.884, 249.0)])
    assert (cells[3], cells[7]) == ("0.8840 ± 0.000 (missed)", "–")
    cells = cells_of([run("ours", 500, 0.885, 250.0)])
    assert (cells[3], cells[7]) == ("0.8850 ± 0.000", "– (missed)")
