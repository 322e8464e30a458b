"""Databases that the embedded Argilla refuses: another one, one of another version, none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from embedded.backup import write_backup
from embedded.database import make_accounts, refuse_other_database
from embedded.errors import ServiceError, said_error
from embedded.home import Home, write_private
from embedded.programs import argilla_environment
from embedded.services import start
from embedded.users import list_users

ELSEWHERE = "postgresql+asyncpg://argilla:s3cret@db.example.org/argilla"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("ARGILLA_API_URL", raising=False)
    return Home(tmp_path / "home")


def test_up_refuses_another_database_before_anything_starts(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_other_database()
    monkeypatch.setenv("ARGILLA_DATABASE_URL", ELSEWHERE)
    with pytest.raises(ServiceError, match=r"another database \(postgresql\)") as refused:
        start(home, services=("argilla",))
    assert "Unset ARGILLA_DATABASE_URL" in refused.value.next_step
    for part in ("s3cret", "example.org"):
        assert part not in str(refused.value)
    assert not home.root.exists()


def test_the_database_is_the_homes_whatever_the_environment_names(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    monkeypatch.setenv("ARGILLA_DATABASE_URL", f"sqlite:///{other}")
    home.prepare()
    file = home.root / "argilla" / "argilla.db"
    pinned = f"sqlite+aiosqlite:///{file}?check_same_thread=False"
    assert argilla_environment(home)["ARGILLA_DATABASE_URL"] == pinned
    make_accounts(home)
    assert not other.exists()
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM users").fetchone() == (5,)
        db.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        db.commit()
    with pytest.raises(ServiceError, match=r"another version of Argilla than 2\.8\.0") as refused:
        make_accounts(home)
    assert "ffffffffffff" in refused.value.problem
    assert "COPYDESK_HOME" in refused.value.next_step
    assert len(list_users(home)) == 5


def test_a_refusal_of_the_servers_environment_keeps_its_next_step() -> None:
    said = said_error("INFO x\nerror: It is so.\n  → Mend it.\n")
    assert said is not None
    assert (said.problem, said.next_step) == ("It is so.", "Mend it.")
    assert said_error("Traceback\nValueError: x") is None


def test_a_backup_without_the_database_is_refused(home: Home, tmp_path: Path) -> None:
    home.prepare()
    write_private(home.services, '{"ports": {"argilla": 6900}}')
    with pytest.raises(ServiceError, match=r"database .*argilla\.db is not there"):
        write_backup(home, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    write_private(home.services, '{"ports": {"hub": 6910}}')
    assert write_backup(home, tmp_path / "backup").members == 1
