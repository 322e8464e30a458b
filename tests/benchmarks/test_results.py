"""Figures on their way from a run to docs/benchmarks.md."""

import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.logging_speed import Turn, compare
from benchmarks.page import PAGE, SECTIONS, with_section
from benchmarks.results import percentile, save, spread
from benchmarks.stories import COMMON, PHRASE, RARE, stories
from benchmarks.tables import logging_table

PROJECT = Path(__file__).resolve().parents[2]


def turns(ours: float, stock: float) -> list[Turn]:
    per_second = {"ours": 1000 / ours, "stock": 1000 / stock}
    return [
        Turn(name, client, cpu * factor, 0.1, per_second[name])
        for client in ("REST", "SDK")
        for name, cpu in (("ours", ours), ("stock", stock))
        for factor in (1.0, 1.0, 50.0)
    ]


def test_ratios_are_of_medians_and_say_whether_they_are_good_enough() -> None:
    good, bad = compare(turns(1.0, 8.0), "REST"), compare(turns(2.0, 8.0), "SDK")
    assert (good["cpu_ratio"], good["speed_ratio"]) == (0.125, 8.0)
    assert good["cpu_ratio_met"]
    assert good["speed_ratio_met"]
    assert (bad["cpu_ratio"], bad["cpu_ratio_met"], bad["speed_ratio_met"]) == (0.25, False, False)


def test_percentiles() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert spread([1.0, 2.0, 9.0]) == {"n": 3, "median": 2.0, "p95": 9.0, "max": 9.0}


def test_a_table_shows_the_run_and_what_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    clients = {"REST": compare(turns(1.0, 8.0), "REST"), "SDK": compare(turns(2.0, 8.0), "SDK")}
    file = save("logging", {"records": 1000, "rounds": 3, "clients": clients})
    lines = logging_table(json.loads(file.read_text(encoding="utf-8")))
    assert "| REST | server CPU s per 1,000 records | 1 | 8 | 0.125 | ≤ .167 |" in lines
    assert "| SDK | server CPU s per 1,000 records | 2 | 8 | 0.25 (missed) | ≤ .167 |" in lines
    page = with_section("a <!-- logging: generated -->old<!-- logging: end --> z", "logging", lines)
    assert page.startswith("a <!-- logging: generated -->\n")
    assert page.endswith("<!-- logging: end --> z")
    assert "old" not in page
    assert with_section(page, "logging", lines) == page


def test_the_page_has_a_place_for_every_benchmark() -> None:
    text = (PROJECT / PAGE).read_text(encoding="utf-8")
    for name in SECTIONS:
        assert with_section(text, name, ["x"]) != text
    with pytest.raises(SystemExit, match="lacks the markers"):
        with_section("no markers", "logging", [])


def test_stories_repeat_and_their_spans_are_names() -> None:
    some = list(stories(1000))
    assert some[40:50] == list(stories(10, start=40))
    for story in some[:50]:
        names = [story.text[span.start : span.end] for span in story.spans]
        assert len(names) == 3
        assert all(name[0].isupper() and name == name.strip() for name in names)
    assert sum(COMMON in story.text for story in some) == 500
    assert sum(PHRASE in story.text for story in some) == 10
    assert sum(RARE in story.text for story in some) == 1
