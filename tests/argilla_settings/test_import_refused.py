"""Files and data sets that an import does not touch."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect
from argilla_settings.import_server import import_server
from argilla_settings.rest import read_items, send
from corpus.errors import DeskError
from tests.argilla_settings.all_types import (
    NAME,
    workspace_id,
)
from tests.running import ArgillaService

pytestmark = pytest.mark.services


def with_manifest(file: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    changed = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(data)
                change(manifest)
                data = json.dumps(manifest).encode()
            new.writestr(name, data)
    return changed


def with_other_record(manifest: dict[str, Any]) -> None:
    manifest["members"]["records/0001.jsonl"]["sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(format=2), "has format 2; this Copydesk reads format 1"),
        (lambda m: m.pop("members"), "damaged: manifest.json cannot be read"),
        (with_other_record, "damaged: records/0001.jsonl is not what was exported"),
        (lambda m: m["members"].pop("users.jsonl"), "its members are not those of its manifest"),
    ],
)
def test_nothing_is_written_from_a_file_that_is_not_whole(
    exported: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    client = connect()
    with pytest.raises(DeskError, match=said):
        import_server(client, with_manifest(exported, change), tmp_path / "accounts.json")
    half = tmp_path / "half.zip"
    half.write_bytes(exported.read_bytes()[: exported.stat().st_size // 2])
    with pytest.raises(DeskError, match=r"half\.zip is damaged"):
        import_server(client, half, tmp_path / "accounts.json")
    assert not [d for d in read_items(client, "me/datasets") if d["name"] == NAME]


def test_a_data_set_that_asks_otherwise_is_refused(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client = connect()
    place = workspace_id(client, argilla_service.workspace)
    other = send(client, "POST", "datasets", {"name": NAME, "workspace_id": place})
    with pytest.raises(DeskError, match="takes 1 answers to a record, the exported one 2"):
        import_server(client, exported, tmp_path / "accounts.json")
    two = {"distribution": {"strategy": "overlap", "min_submitted": 2}}
    send(client, "PATCH", f"datasets/{other['id']}", two)
    question = {"name": "label", "title": "L", "settings": {"type": "text"}}
    send(client, "POST", f"datasets/{other['id']}/questions", question)
    with pytest.raises(DeskError, match="has another questions 'label' than the exported one"):
        import_server(client, exported, tmp_path / "accounts.json")


def test_a_data_set_with_answers_that_takes_other_numbers_of_them_can_be_mended(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    """As the message says: also after there are answers."""
    client = connect()
    import_server(client, exported, tmp_path / "accounts.json")
    (there,) = (d for d in read_items(client, "me/datasets") if d["name"] == NAME)
    for wanted in (3, 2):
        distribution = {"distribution": {"strategy": "overlap", "min_submitted": wanted}}
        send(client, "PATCH", f"datasets/{there['id']}", distribution)
        if wanted == 3:
            with pytest.raises(DeskError, match="takes 3 answers") as error:
                import_server(client, exported, tmp_path / "accounts.json")
            assert "set review.min_submitted to 2" in error.value.next_step
            assert "fixes" not in error.value.next_step
    added = import_server(client, exported, tmp_path / "accounts.json")
    assert (added.records, added.answers, added.different) == (0, 0, 0)
