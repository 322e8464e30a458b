"""No question that a desk asks besides is called like anything else of its data set."""

from typing import Any

import pytest

from argilla_settings.adjudication import ADJUDICATION
from argilla_settings.connection import connect
from argilla_settings.news import NEWS
from argilla_settings.second_look import DOUBT
from argilla_settings.vectors import MEANING
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.settings.questions import OF_LABELS, OF_RECORDS
from tests.running import ArgillaService

LICENSED = {"source.columns": {"text": "text", "license": "licence"}}


def asking(name: str) -> dict[str, Any]:
    return {"review.also_ask": {name: {"type": "text", "title": "Anything to say?"}}}


@pytest.mark.parametrize("name", sorted(OF_RECORDS | set(OF_LABELS)))
def test_a_name_that_is_taken_is_refused_when_the_desk_is_read(name: str) -> None:
    with pytest.raises(DeskError, match=f"'{name}' is the .*choose another"):
        read_desk("desk.yaml", asking(name))


def test_other_names_are_free() -> None:
    for name in ("topics", "status", "id", "note", "title_asked"):
        assert name in read_desk("desk.yaml", asking(name)).review.also_ask


@pytest.mark.services
def test_taken_are_the_names_that_data_sets_of_a_desk_have(
    argilla_service: ArgillaService,
) -> None:
    desk, names = read_desk("desk.yaml", LICENSED), {MEANING, DOUBT}
    for kind in (NEWS, ADJUDICATION):
        settings = kind.settings(desk, connect())
        for part in (settings.fields, settings.metadata, settings.questions):
            names |= {item.name for item in part}
    assert names - set(desk.review.also_ask) == OF_RECORDS | set(OF_LABELS)
