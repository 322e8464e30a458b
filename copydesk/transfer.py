"""`export-argilla` and `import-argilla`: a server's content in one file."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.process import use_services
from copydesk.show import say

if TYPE_CHECKING:
    from corpus.desk import Desk
    from corpus.ledger import Ledger

FileArgument = Annotated[Path, typer.Argument(help="The file, for example argilla.zip.")]


def export_argilla(
    file: FileArgument,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only Argilla data sets of this name; repeatable.")
    ] = None,
) -> None:
    """Write users, settings, records and everybody's answers of Argilla to FILE (0600)."""
    use_services()
    from argilla_settings.connection import connect
    from argilla_settings.export_server import export_server

    found = export_server(connect(), file, dataset or (), say)
    counts = f"{found.users} users, {found.records} records, {found.answers} answers"
    print(f"{counts} (data sets: {found.datasets}) are in {file}.")


def import_argilla(
    file: FileArgument,
    desk: Annotated[
        list[str] | None,
        typer.Option(help="A desk of the file whose `state:` is not the default; repeatable."),
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option(help="Where passwords and keys of new users go (0600).")
    ] = None,
) -> None:
    """Write what FILE holds and Argilla does not; twice changes nothing, a killed one continues."""
    from corpus.desk import read_desk

    desks = [read_desk(path) for path in desk or ()]
    use_services()
    from argilla_settings.connection import connect
    from argilla_settings.import_server import import_server

    logins = accounts or file.with_suffix(".accounts.json")
    added = import_server(
        connect(), file, logins, lambda workspace, name: _ledger(desks, workspace, name), say
    )
    print(f"{added.records} records and {added.answers} answers are new to Argilla.")
    if added.different:
        print(f"{added.different} answers there differ from the file's and stay as they are.")
    if logins.exists():
        print(f"Passwords and keys of new users: {logins}")


def _ledger(desks: "list[Desk]", workspace: str, name: str) -> "Ledger | None":
    """The ledger of the desk with this workspace and name; None for what no desk can be called."""
    from corpus.desk import NAME_PATTERN, SUFFIXES
    from corpus.ledger import Ledger
    from corpus.review_state import copydesk_home, open_ledger

    for desk in desks:
        for suffix in ("", *SUFFIXES):
            if (desk.workspace, f"{desk.name}{suffix}") == (workspace, name):
                return open_ledger(desk).beside(suffix)
    plain = next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
    if not re.fullmatch(NAME_PATTERN, plain):
        return None
    return Ledger(f"{copydesk_home()}/state", name)
