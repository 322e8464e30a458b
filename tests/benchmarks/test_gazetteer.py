"""What the benchmark of reviewed names counts, and the page it writes."""

import json
from pathlib import Path

import pytest

from benchmarks import gazetteer
from benchmarks.gazetteer import counted, measure
from benchmarks.gazetteer_table import gazetteer_table
from corpus.articles import ScoredSpan, Span
from corpus.errors import DeskError

ADA = Span(0, 3, "person")
GOLD = [("Ada ran.", [ADA]), ("Bo ran. Bo. Bo. Bo.", [Span(0, 2, "person")])]
NEW = [("Ada and Bo", [ADA, Span(8, 10, "person")]), ("Ada", [Span(0, 3, "location")])]


def test_exact_spans_with_their_type_count() -> None:
    said = [ScoredSpan(0, 3, "person", 0.7), ScoredSpan(4, 7, "person", 0.7)]
    assert counted(said, [ADA, Span(8, 10, "person")]) == (1, 2, 2)
    row = measure("c", [GOLD, GOLD], NEW, 0.5)
    assert (row["gold"], row["new"], row["names"]) == (2, 2, 1)
    assert (row["precision"][0], row["recall"][0]) == (0.5, pytest.approx(1 / 3, abs=1e-3))
    assert row["by_score"] == [{"up_to": 0.7, "n": 4, "score": pytest.approx(2 / 3), "right": 0.5}]
    assert measure("c", [GOLD], NEW, 0.0)["recall"][0] == pytest.approx(2 / 3, abs=1e-3)


def test_the_corpus_has_its_name_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"ner_news_small\.parquet"):
        gazetteer.main(["--data", str(tmp_path)])


def test_the_table_sets_the_filter_beside_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer, "MANY", 50)
    rows = [measure("c", [GOLD], NEW, minimum) for minimum in (0.5, 0.0)]
    begun = {"measured_at": "2031-05-01T12:00:00", "revision": "abc", "changed_code": False}
    begun |= {"cores": 2, "python": "3.11", "load_average": 0.1}
    found = {**begun, "seeds": 1, "rows": rows, "speed": gazetteer.speed()}
    lines = gazetteer_table(json.loads(json.dumps(found)))
    (row,) = (line for line in lines if line.startswith("| c | 2 | 1 |"))
    assert row.split("|")[4].split()[0] == "0.500"
    assert row.split("|")[7].split()[0] == "0.667"
