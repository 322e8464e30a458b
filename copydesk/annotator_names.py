"""copydesk annotators: who is who in the ledger, to be named in ``review.trusted``."""

import typer

from copydesk.options import DeskOption
from copydesk.process import use_services


def annotators(desk: DeskOption = "desk.yaml") -> None:
    """The accounts of the desk's workspace, and the name each has in its ledger."""
    from corpus.desk import read_desk

    read = read_desk(desk)
    use_services()
    from argilla_settings.annotators import list_annotators
    from argilla_settings.connection import connect
    from corpus.review_state import open_ledger

    rows = list_annotators(connect(), read, open_ledger(read))
    if not rows:
        typer.echo(f"Workspace {read.workspace!r} has no accounts; copydesk users add makes one.")
    for row in rows:
        print(f"{row.name:20} {row.username:24} {row.answers:7,} answers")
