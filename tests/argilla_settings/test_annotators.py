"""Which account answers under which name in the ledger."""

from datetime import UTC, datetime
from pathlib import Path

from argilla_settings.annotators import list_annotators
from argilla_settings.connection import connect
from argilla_settings.responses import pseudonym
from argilla_settings.rest import read_items
from corpus.articles import Response
from corpus.desk import read_desk
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from tests.running import ArgillaService


def test_accounts_with_their_names_and_answers(
    argilla_service: ArgillaService, tmp_path: Path
) -> None:
    client = connect()
    desk = read_desk("desk.yaml", {"workspace": argilla_service.workspace})
    ledger = Ledger(str(tmp_path), desk.name)
    ids = {user["username"]: user["id"] for user in read_items(client, "users")}
    found = {row.username: row for row in list_annotators(client, desk, ledger)}
    assert found and set(found) <= set(ids)
    assert all(row.name == pseudonym(ids[name], desk) for name, row in found.items())
    assert {row.answers for row in found.values()} == {0}
    somebody = next(iter(found.values()))
    at = datetime(2031, 5, 1, tzinfo=UTC)
    said = Response("a", somebody.name, "submitted", "World", (), at)
    ledger.append_entries([LedgerEntry(said, "g", False)])
    again = {row.username: row.answers for row in list_annotators(client, desk, ledger)}
    assert {name for name, answers in again.items() if answers} == {somebody.username}
    elsewhere = read_desk("desk.yaml", {"workspace": "nobody-is-here"})
    assert list_annotators(client, elsewhere, ledger) == []
