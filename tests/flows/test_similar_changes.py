"""Vectors for *Find similar* where loads, encoders and people change: all of one kind, or none."""

from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from argilla_settings.rest import Row, read, read_items, send
from argilla_settings.vectors import MEANING, UNFINISHED
from corpus.desk import read_desk
from corpus.errors import DeskError
from flows.load_news import LoadNews, load_news
from tests.flows.texts_desk import texts_desk
from tests.running import ArgillaService
from tests.training.encoders import bert

pytestmark = pytest.mark.services

TEXTS = [f"Ada Obi scored {n} goals in match number {n} of the league." for n in range(6)]
OFF = {"review.find_similar": False}


def knobs(folder: Path, name: str, encoder: str) -> dict[str, Any]:
    more = {"review.order": "random", "models.preannotation.entities": "none"}
    return texts_desk(folder, name, TEXTS, **{"models.encoder": encoder}, **more)


def load(overrides: dict[str, Any], limit: int) -> None:
    load_news(LoadNews(overrides=overrides, limit=limit))


def field_of(overrides: dict[str, Any]) -> Row:
    dataset = require_dataset(connect(), read_desk("desk.yaml", overrides), NEWS)
    (field,) = read_items(connect(), f"datasets/{dataset.id}/vectors-settings")
    return field


def vectors(overrides: dict[str, Any]) -> list[list[float] | None]:
    """Of each record, in the order of loading; None has none."""
    dataset = require_dataset(connect(), read_desk("desk.yaml", overrides), NEWS)
    rows = list_rows(connect(), dataset, ("vectors",))
    return [(row.get("vectors") or {}).get(MEANING) for row in rows]


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Three whose folders are called alike: one, another of its size, a wider one."""
    folder = tmp_path_factory.mktemp("encoders")
    one = bert(folder / "one" / "model", TEXTS)
    other = bert(folder / "other" / "model", TEXTS, layers=1)
    wide = bert(folder / "wide" / "model", TEXTS, width=48)
    return one, other, wide


def test_records_that_came_without_get_theirs_with_the_next_load(
    argilla_service: ArgillaService, tmp_path: Path, encoders: tuple[str, str, str]
) -> None:
    wanted = knobs(tmp_path, "similar-off-on", encoders[0])
    load(wanted, 2)
    assert all(vectors(wanted)) and UNFINISHED not in field_of(wanted)["title"]
    load(wanted | OFF, 2)
    assert UNFINISHED not in field_of(wanted)["title"]
    load(wanted | OFF, 4)
    assert [bool(v) for v in vectors(wanted)] == [True, True, False, False]
    assert UNFINISHED in field_of(wanted)["title"]
    load(wanted, 6)
    assert all(vectors(wanted)) and len(vectors(wanted)) == 6
    assert UNFINISHED not in field_of(wanted)["title"]


def test_an_encoder_is_known_by_its_files_and_not_by_its_folders_name(
    argilla_service: ArgillaService, tmp_path: Path, encoders: tuple[str, str, str]
) -> None:
    one, other, wide = (knobs(tmp_path, "similar-encoders", encoder) for encoder in encoders)
    load(one, 2)
    first, title = vectors(one), field_of(one)["title"]
    assert title.startswith("Meaning, by model (")
    load(other, 4)
    second = vectors(one)
    assert field_of(one)["title"] != title and len(second) == 4 and all(second)
    assert not set(map(tuple, first)) & set(map(tuple, second))  # type: ignore[arg-type]
    load(wide, 6)
    assert [len(v or ()) for v in vectors(one)] == [48] * 6
    assert field_of(one)["dimensions"] == 48
    load(one, 6)
    assert vectors(one)[:2] == first


def test_vectors_of_somebody_else_stay(
    argilla_service: ArgillaService, tmp_path: Path, encoders: tuple[str, str, str]
) -> None:
    wanted = knobs(tmp_path, "similar-theirs", encoders[0])
    load(wanted | OFF, 2)
    dataset = require_dataset(connect(), read_desk("desk.yaml", wanted), NEWS)
    theirs = {"name": MEANING, "title": "Our legal embeddings", "dimensions": 3}
    send(connect(), "POST", f"datasets/{dataset.id}/vectors-settings", theirs)
    items = [
        {"id": r["id"], "vectors": {MEANING: [1, 2, 3]}} for r in list_rows(connect(), dataset)
    ]
    send(connect(), "PUT", f"datasets/{dataset.id}/records/bulk", {"items": items})
    before = read(connect(), f"datasets/{dataset.id}")
    with pytest.raises(
        DeskError, match=r"'meaning' of .* is titled 'Our legal embeddings'"
    ) as error:
        load(wanted | {"review.min_submitted": 2}, 4)
    assert "review.find_similar: false" in error.value.next_step
    assert read(connect(), f"datasets/{dataset.id}") == before
    load(wanted | OFF, 4)
    assert vectors(wanted) == [[1, 2, 3], [1, 2, 3], None, None]
    assert field_of(wanted)["title"] == "Our legal embeddings"


def test_an_import_brings_no_vectors_of_another_encoder_and_says_what_is_missing(
    argilla_service: ArgillaService, tmp_path: Path, encoders: tuple[str, str, str]
) -> None:
    name = "similar-moved"
    one, other = (knobs(tmp_path, name, encoder) for encoder in encoders[:2])
    for number, moved in enumerate((one | OFF, one)):
        file = tmp_path / f"moved-{number}.zip"
        load(moved, 6)
        export_server(connect(), file, [name])
        dataset = require_dataset(connect(), read_desk("desk.yaml", one), NEWS)
        send(connect(), "DELETE", f"datasets/{dataset.id}")
        load(other, 2)
        kept = vectors(other)
        assert import_server(connect(), file, tmp_path / "accounts.json").records == 4
        assert vectors(other) == [*kept, None, None, None, None]
        assert UNFINISHED in field_of(other)["title"]
        load(other, 6)
        assert all(vectors(other)) and UNFINISHED not in field_of(other)["title"]
        dataset = require_dataset(connect(), read_desk("desk.yaml", one), NEWS)
        send(connect(), "DELETE", f"datasets/{dataset.id}")
