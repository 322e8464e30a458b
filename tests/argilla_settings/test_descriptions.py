"""What stands beside a question where there are more definitions than Argilla takes there."""

import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.questions import (
    DESCRIPTION_MAX_CHARACTERS,
    definitions,
    short_definitions,
)
from argilla_settings.rest import read_items
from corpus.desk import read_desk
from tests.running import ArgillaService


def labels(count: int, characters: int = 60) -> dict[str, str]:
    return {f"Topic {n}": f"Articles on {n}, ".ljust(characters, "x") + "." for n in range(count)}


def test_few_definitions_are_all_there() -> None:
    assert short_definitions(labels(3)) == definitions(labels(3))


def test_definitions_are_whole_and_the_rest_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    for count in (15, 20, 200):
        with caplog.at_level("INFO"):
            text = short_definitions(labels(count))
        *shown, last = text.splitlines()
        assert len(text) <= DESCRIPTION_MAX_CHARACTERS
        assert shown == definitions(labels(count)).splitlines()[: len(shown)]
        assert last == f"… and {count - len(shown)} more: see the guidelines"
        assert f"{len(shown)} of {count} definitions" in caplog.text
        assert len(text) + len(shown[0]) + 8 > DESCRIPTION_MAX_CHARACTERS


def test_one_definition_may_be_too_long() -> None:
    assert short_definitions(labels(2, 1200)) == "… and 2 more: see the guidelines"


@pytest.mark.services
def test_argilla_takes_it_and_a_second_load_changes_nothing(
    argilla_service: ArgillaService, caplog: pytest.LogCaptureFixture
) -> None:
    keys = {"labels.topics": labels(20), "source.topic_values": {}, "name": "long-definitions"}
    desk, client = read_desk("desk.yaml", keys), connect()
    dataset = ensure_dataset(client, desk, NEWS)
    asked = {q["name"]: q for q in read_items(client, f"datasets/{dataset.id}/questions")}
    assert asked["topic"]["description"] == short_definitions(labels(20))
    with caplog.at_level("WARNING"):
        ensure_dataset(client, desk, NEWS)
    assert "follows the desk" not in caplog.text
