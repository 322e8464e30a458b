"""desk.yaml: all errors at once, each naming key and rule."""

from pathlib import Path
from typing import Any

import pytest
import yaml

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
        text.replace("blind_share: 0.2", "blind_share: 2").replace("seed: 42", "sed: 42"),
        encoding="utf-8",
    )
    with pytest.raises(DeskError) as error:
        read_desk(bad)
    assert "models.sed: unknown key" in error.value.problem
    assert "review.blind_share" in error.value.problem
    assert str(bad) in error.value.next_step


@pytest.mark.parametrize(
    ("overrides", "option", "line"),
    [
        ({"review.blind": 1}, "--set review.blind", "review.blind: unknown key (value 1)"),
        ({"review.blind.x": 1}, "--set review.blind.x", "review.blind: unknown key"),
        ({"models.seed": 1, "review.blind_share": 2}, "--set review.blind_share", "review.blind_s"),
        # A rule about a group of keys.
        ({"splits.test": 0.3, "labels": {}}, "--set labels", "needs labels.topics"),
    ],
)
def test_an_error_of_the_command_line_is_not_the_files(
    overrides: dict[str, Any], option: str, line: str
) -> None:
    with pytest.raises(DeskError) as error:
        read_desk(PROJECT / "desk.yaml", overrides)
    assert error.value.problem.startswith(f"{option} does not fit desk ")
    assert line in error.value.problem
    assert error.value.next_step.startswith(f"Correct {option}. ")
    assert "docs/desk.md" in error.value.next_step


def test_errors_of_both_are_told_apart(tmp_path: Path) -> None:
    text = (PROJECT / "desk.yaml").read_text(encoding="utf-8")
    bad = tmp_path / "desk.yaml"
    bad.write_text(text.replace("seed: 42", "sed: 42"), encoding="utf-8")
    with pytest.raises(DeskError) as error:
        read_desk(bad, {"review.blind_share": 2})
    lines = error.value.problem.splitlines()
    assert lines[0] == f"Desk {bad} has 2 error(s):"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "  --set review.blind_share", "  models.sed",
    ]  # fmt: skip
    assert f"in {bad}, and --set review.blind_share." in error.value.next_step


def test_every_label_has_a_definition(tmp_path: Path) -> None:
    text = (PROJECT / "desk.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    topics, types = list(raw["labels"]["topics"]), list(raw["labels"]["entities"])
    raw["labels"]["topics"] |= {topics[0]: "", topics[1]: None}
    raw["labels"]["entities"][types[0]] = " \n\u00a0"
    bad = tmp_path / "desk.yaml"
    bad.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    with pytest.raises(DeskError) as error:
        read_desk(bad)
    lines = error.value.problem.splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == [
        f"  labels.topics.{topics[0]}", f"  labels.topics.{topics[1]}",
        f"  labels.entities.{types[0]}",
    ]  # fmt: skip
    for line, value in zip(lines, ("''", "None", r"' \n\xa0'"), strict=True):
        assert f"a label must not be without definition (value {value}): write in a sent" in line
    assert str(bad) in error.value.next_step


def test_a_definition_replaced_by_nothing_is_not_the_files() -> None:
    with pytest.raises(DeskError, match="must not be without definition") as error:
        read_desk(PROJECT / "desk.yaml", {"labels.topics.Sports": ""})
    assert error.value.problem.startswith("--set labels.topics.Sports does not fit desk ")


def test_mapping_to_a_label_outside_the_schema() -> None:
    with pytest.raises(DeskError, match=r"source.topic_values maps to \['Weather'\]"):
        read_desk(PROJECT / "desk.yaml", {"source.topic_values": {"1": "Weather"}})


def test_no_desk_is_called_as_the_answers_of_another() -> None:
    """They would share an Argilla data set and a folder in the state."""
    with pytest.raises(DeskError) as error:
        read_desk(PROJECT / "desk.yaml", {"name": "weekly-answers"})
    assert "a desk must not be called 'weekly-answers'" in error.value.problem
    assert "models of desk 'weekly' answer; give it another name" in error.value.problem
    assert error.value.next_step.startswith("Correct --set name. ")
    for name in ("answers", "answers-weekly", "weekly_answers"):
        assert read_desk(PROJECT / "desk.yaml", {"name": name}).name == name


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
