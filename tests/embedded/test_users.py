"""`copydesk users`: accounts of the embedded Argilla, while it runs and while it does not."""

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from copydesk.commands import app
from embedded.argilla.accounts_file import new_account, new_key
from embedded.errors import ServiceError
from embedded.home import Home, read_json
from embedded.services import make_accounts
from embedded.users import (
    add_user,
    assign_users,
    list_users,
    remove_user,
    rotate_user,
    unassign_users,
)
from tests.embedded import argilla_rest as rest
from tests.embedded.conftest import argilla_of

SPORT = "sport-desk"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Argilla with one account that was added before its first start."""
    home = Home(tmp_path_factory.mktemp("users") / "home")
    home.prepare()
    make_accounts(home)
    add_user(home, "ann", "annotator", ["copydesk"])
    with argilla_of(home) as environment:
        environment.setenv("COPYDESK_HOME", str(home.root))
        yield home


def copydesk_users(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["users", *arguments])


@pytest.mark.long
def test_an_account_made_while_stopped_works(home: Home, url: str) -> None:
    ann = read_json(home.accounts)["ann"]
    assert (ann["role"], ann["person"], "pending" in ann) == ("annotator", True, False)
    assert rest.sign_in(url, "ann", ann["password"]).status_code == 201
    assert rest.key_status(url, ann["api_key"]) == 200
    assert stat.S_IMODE(home.accounts.stat().st_mode) == 0o600


def test_new_secrets_count_at_once_and_end_sessions(home: Home, url: str) -> None:
    old = read_json(home.accounts)["ann"]
    session = rest.sign_in(url, "ann", old["password"]).json()["access_token"]
    assert rest.session_status(url, session) == 200
    done = copydesk_users("rotate", "ann", "--show")
    new = read_json(home.accounts)["ann"]
    assert done.exit_code == 0
    assert new["password"] in done.stdout
    assert new["api_key"] in done.stdout
    assert rest.key_status(url, old["api_key"]) == 401
    assert rest.key_status(url, new["api_key"]) == 200
    assert rest.sign_in(url, "ann", old["password"]).status_code == 401
    assert rest.sign_in(url, "ann", new["password"]).status_code == 201
    assert rest.session_status(url, session) == 401
    only_key = rotate_user(home, "ann", ["api_key"])
    assert only_key.password == new["password"]
    assert rest.key_status(url, only_key.api_key) == 200
    assert rest.sign_in(url, "ann", new["password"]).status_code == 201


def test_annotators_see_their_desks_workspace_only(
    home: Home, url: str, owner: httpx.Client, tmp_path: Path
) -> None:
    text = Path("desk.yaml").read_text(encoding="utf-8")
    desk = tmp_path / "sport.yaml"
    desk.write_text(f"workspace: {SPORT}\n{text}", encoding="utf-8")
    done = copydesk_users("add", "cy", "--desk", str(desk))
    assert done.exit_code == 0, done.output
    cy = read_json(home.accounts)["cy"]
    assert cy["api_key"] not in done.output
    assert cy["password"] not in done.output
    news = rest.make_dataset(owner, "copydesk", "news", ["One."])
    sport = rest.make_dataset(owner, SPORT, "sport", ["Two.", "Three."])
    with (
        rest.client(url, read_json(home.accounts)["ann"]["api_key"]) as ann,
        rest.client(url, cy["api_key"]) as cy_client,
    ):
        assert rest.dataset_ids(ann) == [news]
        assert rest.dataset_ids(cy_client) == [sport]
        assert ann.get(f"/api/v1/datasets/{sport}").status_code == 403
        assert cy_client.get(f"/api/v1/datasets/{news}").status_code == 403
        assign_users(home, ["ann", "cy"], [SPORT])
        assert sorted(rest.dataset_ids(ann)) == sorted([news, sport])
        unassign_users(home, ["ann"], [SPORT])
        assert rest.dataset_ids(ann) == [news]
        first, second = rest.records(owner, sport)
        rest.answer(cy_client, first["id"], "yes")
        rest.answer(cy_client, second["id"], "no")
    assert {r["status"] for r in rest.records(owner, sport)} == {"completed"}


def test_the_list_shows_no_secret(home: Home) -> None:
    done = copydesk_users("list", "--json")
    rows = {row["username"]: row for row in json.loads(done.stdout)}
    expected = {"role": "annotator", "workspaces": [SPORT], "answers": 2, "in_accounts_file": True}
    assert rows["cy"] == {"username": "cy", **expected}
    assert rows["owner"]["role"] == "owner"
    values = {a[k] for a in read_json(home.accounts).values() for k in ("password", "api_key")}
    assert not [value for value in values if value in done.output]


def test_removing_an_account_says_what_becomes_of_its_answers(
    home: Home, url: str, owner: httpx.Client
) -> None:
    key = read_json(home.accounts)["cy"]["api_key"]
    (sport,) = [i for i in rest.dataset_ids(owner) if len(rest.records(owner, i)) == 2]
    before = owner.get(f"/api/v1/datasets/{sport}").json()["last_activity_at"]
    with pytest.raises(ServiceError, match="'cy' has 2 answers") as refused:
        remove_user(home, "cy", "refuse")
    assert "--keep-answers" in refused.value.next_step
    assert rest.key_status(url, key) == 200
    assert remove_user(home, "cy", "keep") == 2
    assert rest.key_status(url, key) == 401
    assert "cy" not in read_json(home.accounts)
    assert all(len(r["responses"]) == 1 for r in rest.records(owner, sport))
    assert copydesk_users("remove", "cy", "--yes").exit_code == 0
    left = rest.records(owner, sport)
    assert [(r["status"], r["responses"] or []) for r in left] == [("pending", [])] * 2
    # A pull looks for answers only where this has moved.
    assert owner.get(f"/api/v1/datasets/{sport}").json()["last_activity_at"] > before


def test_what_is_refused_changes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = home.accounts.read_bytes()
    with pytest.raises(ServiceError, match="'owner' is the account that Copydesk's own"):
        remove_user(home, "owner", "delete")
    with pytest.raises(ServiceError, match="already") as refused:
        add_user(home, "ann", "annotator", ["copydesk"])
    assert "copydesk users rotate ann" in refused.value.next_step
    with pytest.raises(ServiceError, match="no workspace 'sprot'"):
        add_user(home, "dee", "annotator", ["sprot"])
    for name in ("", "-dee", "dee dum", "d/e", "x" * 65, "dee\n"):
        with pytest.raises(ServiceError, match="does not fit"):
            add_user(home, name, "annotator", ["copydesk"])
    with pytest.raises(ServiceError, match="Role 'boss' is none of"):
        add_user(home, "dee", "boss", ["copydesk"])
    with pytest.raises(ServiceError, match="Workspace 'a b' does not fit"):
        assign_users(home, ["ann"], ["a b"], make_workspaces=True)
    monkeypatch.setenv("ARGILLA_API_URL", "https://argilla.example.org")
    refused_elsewhere = copydesk_users("list")
    assert "manages only the embedded one" in str(refused_elsewhere.exception)
    assert home.accounts.read_bytes() == before


@pytest.mark.long
def test_a_failed_or_killed_change_is_undone_or_finished(home: Home, url: str) -> None:
    database = home.root / "argilla" / "argilla.db"
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as db:
        db.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON users WHEN NEW.username = 'doomed' "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        before = home.accounts.read_bytes()
        with pytest.raises(ServiceError, match="could not be read or changed") as failed:
            add_user(home, "doomed", "annotator", ["copydesk"])
        db.execute("DROP TRIGGER refuse")
    assert "Nothing was changed" in failed.value.next_step
    assert "$2b$" not in str(failed.value)
    assert home.accounts.read_bytes() == before
    # As a kill between file and database leaves it: one account half made, one half rotated.
    accounts = read_json(home.accounts)
    old = accounts["ann"]["api_key"]
    accounts["eve"] = new_account("eve", "annotator", ["copydesk"])
    accounts["ann"] |= {"api_key": new_key("ann"), "pending": True}
    # And one that an owner removed in Argilla itself: it does not come back.
    accounts["gone"] = {**accounts["eve"], "username": "gone"}
    del accounts["gone"]["pending"]
    home.accounts.write_text(json.dumps(accounts), encoding="utf-8")
    # Who only looks finishes nothing.
    written = home.accounts.read_bytes()
    assert "eve" not in {row.username for row in list_users(home)}
    assert home.accounts.read_bytes() == written
    assert rest.key_status(url, old) == 200
    assign_users(home, ["ann"], ["copydesk"])
    assert {"ann", "eve"} <= {row.username for row in list_users(home)}
    assert rest.key_status(url, accounts["eve"]["api_key"]) == 200
    assert rest.key_status(url, accounts["ann"]["api_key"]) == 200
    assert rest.key_status(url, old) == 401
    settled = read_json(home.accounts)
    assert "gone" not in settled
    assert not [name for name, account in settled.items() if "pending" in account]


def test_secrets_changed_elsewhere_stay(home: Home, url: str) -> None:
    """As after an account was removed and made again over REST or by `import-argilla`."""
    database = home.root / "argilla" / "argilla.db"
    elsewhere = new_key("ann")
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as db:
        db.execute("UPDATE users SET api_key = ? WHERE username = 'ann'", (elsewhere,))
        db.commit()
    assert "ann" in {row.username for row in list_users(home)}
    assign_users(home, ["ann"], ["copydesk"])
    make_accounts(home)
    assert rest.key_status(url, elsewhere) == 200
