"""`copydesk report`: the annotator report on the terminal, as a page, as JSON."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.options import DeskOption, SetOption
from copydesk.process import parse_overrides, use_services
from corpus.errors import DeskError
from embedded.home import default_home

if TYPE_CHECKING:
    from corpus.desk import Desk
    from corpus.ledger import Ledger


def report(
    desk: DeskOption = "desk.yaml",
    set_: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="Write the page to this file (.html).")] = None,
    names: Annotated[
        bool,
        typer.Option("--names", help="Show accounts instead of pseudonyms, on the page alone."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Who answered what, how quickly and how alike: by the ledger, with 95 % intervals."""
    if names and out is None:
        raise DeskError(
            "--names is for the page alone, and no --out is given.",
            "Name the file: copydesk report --names --out annotators.html",
        )
    from corpus.desk import read_desk
    from corpus.report.measure import read_report, to_json
    from corpus.review_state import open_ledger

    read = read_desk(desk, parse_overrides(set_))
    ledger = open_ledger(read)
    found = read_report(read, ledger)
    plain = to_json(found)
    if out is not None:
        from argilla_settings.addresses import open_addresses
        from publishing.review_report.page import report_html

        accounts = _accounts(read, ledger) if names else {}
        discarded = {article.id for article in found.discards.articles}
        links = open_addresses(_argilla_url(), ledger, discarded)
        write_private(out, report_html(plain, links, accounts))
    if as_json:
        print(json.dumps(plain, indent=2))
        return
    from publishing.review_report.page import report_sentences

    print("\n".join(report_sentences(plain)["summary"]))
    print(f"The page: {out}" if out else "With --out FILE.html it becomes a page, with tables.")


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, readable by its owner alone: it tells how people work."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as page:
            page.write(text)
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DeskError(
            f"--out {file} cannot be written: {error.strerror}.",
            "Name a file in a folder that exists and that you may write to.",
        ) from error


def _accounts(desk: "Desk", ledger: "Ledger") -> dict[str, str]:
    """Name in the ledger → account."""
    use_services()
    from argilla_settings.annotators import list_annotators
    from argilla_settings.connection import connect

    return {row.name: row.username for row in list_annotators(connect(), desk, ledger)}


def _argilla_url() -> str:
    """Of the user's Argilla, else of the embedded one while it is up, else empty."""
    from embedded.services import exports, is_up

    home = default_home()
    own = os.environ.get("ARGILLA_API_URL", "")
    return own or (exports(home).get("ARGILLA_API_URL", "") if is_up(home) else "")
