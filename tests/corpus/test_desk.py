"""desk.yaml: all errors at once, each naming key and rule."""

from pathlib import Path

import pytest

from corpus.desk import read_desk
from corpus.errors import DeskError

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("file", [PROJECT / "desk.yaml", *sorted((PROJECT / "desks").iterdir())])
def test_shipped_desks_are_valid(file: Path) -> None:
    assert read_desk(file).publish.license


def test_all_errors_at_once(tmp_path: Path) -> None:
    text = (PROJECT / "desk.yaml").read_text(encoding="utf-8")
    bad = tmp_path / "desk.yaml"
    bad.write_text(
        text.replace("blind_share: 0.1", "blind_share: 2").replace("seed: 42", "sed: 42"),
        encoding="utf-8",
    )
    with pytest.raises(DeskError) as error:
        read_desk(bad)
    assert "models.sed: unknown key" in error.value.problem
    assert "review.blind_share" in error.value.problem
    assert str(bad) in error.value.next_step


def test_mapping_to_a_label_outside_the_schema() -> None:
    with pytest.raises(DeskError, match=r"source.topic_values maps to \['Weather'\]"):
        read_desk(PROJECT / "desk.yaml", {"source.topic_values": {"1": "Weather"}})


def test_benchmark_split_is_never_reviewed() -> None:
    with pytest.raises(DeskError, match="also in review_splits"):
        read_desk(PROJECT / "desks/ag_news.yaml", {"source.review_splits": ["train", "test"]})


def test_missing_file_and_broken_yaml(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="is not a file"):
        read_desk(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [", encoding="utf-8")
    with pytest.raises(DeskError, match="not valid YAML"):
        read_desk(broken)
