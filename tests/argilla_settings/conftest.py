"""A server's content in a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect
from argilla_settings.export_server import export_server
from tests.argilla_settings.all_types import (
    NAME,
    delete_left,
    fill,
    make_dataset,
    workspace_id,
)
from tests.running import ArgillaService


@pytest.fixture(scope="session")
def exported_once(argilla_service: ArgillaService, tmp_path_factory: Any) -> Path:
    client = connect()
    dataset = make_dataset(client, workspace_id(client, argilla_service.workspace))
    fill(client, dataset["id"], argilla_service)
    file: Path = tmp_path_factory.mktemp("exported") / "argilla.zip"
    found = export_server(client, file, [NAME])
    assert (found.datasets, found.records, found.answers) == (1, 4, 7)
    return file


@pytest.fixture
def exported(exported_once: Path) -> Iterator[Path]:
    """An export of one data set, which is not on the server any more."""
    delete_left(connect())
    yield exported_once
    delete_left(connect())
