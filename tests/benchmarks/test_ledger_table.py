"""The ledger's table says what was measured, and what is missed."""

from typing import Any

from benchmarks.ledger_table import ledger_table
from benchmarks.servers import OURS, STOCK


def run(launcher: str, ratio: float) -> dict[str, Any]:
    cost = {"name": "100 new answers", "kind": "changes", "new": 100, "requests": 15}
    cost |= {"seconds": 1.0, "server_cpu": 1.5, "client_cpu": 0.25}
    found = {"costs": [cost], "resolving": {**cost, "kind": ""}, "in_work": 700}
    found |= {"launcher": launcher, "min_submitted": 1, "seconds_ratio": 0.05}
    return found | {"cpu_ratio": ratio, "met": ratio < 0.1}


def test_each_server_has_its_costs_and_a_missed_ratio_is_marked() -> None:
    about = {"measured_at": "2031-05-01T12:00:00", "revision": "abc", "changed_code": False}
    about |= {"cores": 2, "python": "3.11", "load_average": 0.1, "new_answers": 100}
    about |= {"records": 30_000, "answered": 20_000, "annotators": 2}
    lines = ledger_table({**about, "runs": [run(OURS, 0.05), run(STOCK, 0.2)]})
    assert lines.count("| 100 new answers | changes | 100 | 15 | 1.00 | 1.50 | 0.25 |") == 2
    ratios = [line for line in lines if line.startswith("New answers")]
    assert "0.050 of the CPU" in ratios[0] and "missed" not in ratios[0]
    assert "0.200 of the CPU of both sides (wanted: < .10) (missed)" in ratios[1]
