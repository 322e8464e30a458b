"""What an export holds, and who may make one."""

import stat
import zipfile
from pathlib import Path

import pytest

from argilla_settings.connection import connect
from argilla_settings.export_server import export_server
from corpus.errors import DeskError
from tests.running import ArgillaService

pytestmark = pytest.mark.services


def test_the_file_is_private_and_holds_no_key(
    argilla_service: ArgillaService, exported: Path
) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    with zipfile.ZipFile(exported) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
    for account in argilla_service.credentials.values():
        assert account["username"] in whole
        assert account["api_key"] not in whole
        assert account["password"] not in whole
    with pytest.raises(DeskError, match="is there already"):
        export_server(connect(), exported)


def test_only_an_owner_may(argilla_service: ArgillaService, tmp_path: Path) -> None:
    admin = connect(api_key=argilla_service.credentials["admin"]["api_key"])
    with pytest.raises(DeskError, match="only an owner sees all users"):
        export_server(admin, tmp_path / "argilla.zip")
    with pytest.raises(DeskError, match="has no data set nowhere"):
        export_server(connect(), tmp_path / "argilla.zip", ["nowhere"])
    assert list(tmp_path.iterdir()) == []
