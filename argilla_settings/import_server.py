"""An export of ``export_server`` on another Argilla server; twice changes nothing.

Records are found again by their external_id. A record or an answer that is there stays as it is, so
a killed import continues, and what people did on the new server is never overwritten.
"""

from collections.abc import Callable
from pathlib import Path

import argilla as rg

from argilla_settings.import_people import import_users, import_workspaces
from argilla_settings.import_records import Imported, Say, Source, import_records
from argilla_settings.import_settings import import_dataset
from argilla_settings.rest import require_owner
from argilla_settings.transfer_file import open_export
from corpus.ledger import Ledger

LedgerOf = Callable[[str, str], Ledger | None]


def import_server(
    client: rg.Argilla,
    file: Path,
    accounts: Path,
    ledger_of: LedgerOf = lambda workspace, name: None,
    say: Say = lambda _: None,
) -> Imported:
    """Write users, workspaces, data sets, records and answers that are not there yet.

    ``ledger_of`` gives the ledger of the desk with this workspace and name: there the first
    persons and times are noted, which Argilla cannot take. Raises DeskError before anything is
    written where the file is damaged or of an unknown format.
    """
    added = Imported()
    with open_export(file) as export:
        require_owner(client)
        people = import_users(client, export, accounts)
        workspaces = import_workspaces(client, export, people)
        for row in export.lines("datasets.jsonl"):
            target = import_dataset(client, row, workspaces[row["workspace"]])
            if target.ready:
                source, ledger = Source(row, people), ledger_of(row["workspace"], row["name"])
                added += import_records(client, export, source, target, ledger, say)
    return added
