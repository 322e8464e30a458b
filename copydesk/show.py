"""What commands print for people."""

import os
import sys
from typing import TYPE_CHECKING

from embedded.home import Home

if TYPE_CHECKING:
    from flows.curate import CurateReport
    from flows.model_store import StoredModel


def show_training(stored: "StoredModel") -> None:
    """How a training went, in a sentence, and where its picture lies."""
    done = "found from an earlier run" if stored.reused else "trained"
    print(f"{stored.model}: {done}. {stored.training['diagnosis']}")
    print(f"Learning curve: {stored.folder / 'learning_curve.png'}")


def show_rounds(reports: "list[CurateReport]") -> None:
    """A table with a column for each round, then where its results are."""
    from rich.console import Console
    from rich.table import Table

    from flows.demo import demo_table, nothing_changed
    from flows.verdicts import verdict_lines

    table = Table(title="Scores with 95 % intervals", show_edge=False)
    table.add_column("")
    for number in range(1, len(reports) + 1):
        table.add_column(f"round {number}", overflow="fold")
    for name, values in demo_table(reports).items():
        table.add_row(name, *(values.get(f"round {n}", "") for n in range(1, len(reports) + 1)))
    Console().print(table)
    if nothing_changed(reports):
        print("Nothing changed since the last run.")
    published = reports[-1].published
    for judged in published.judged:
        print("".join(f"{line}\n" for line in verdict_lines(judged)), end="")
    for item in published.items:
        print(f"{item.repo_type.capitalize():8} {item.url}")
    for judged in published.judged:
        if judged.published and not judged.ships:
            print(f"Model    {os.environ['HF_ENDPOINT']}/{judged.repo_id} (kept)")
    # Those who answered all of them have none left to answer.
    address = f"{reports[-1].loaded.argilla_url}?status=submitted"
    print(f"Records  {address} (sign in as an annotator)")


def show_places(home: Home) -> None:
    """Addresses of the services, and where the logins stand."""
    from embedded.network import team_urls
    from embedded.services import exports

    found = exports(home)
    for name, variable in (
        ("Argilla", "ARGILLA_API_URL"),
        ("Hub", "HF_ENDPOINT"),
        ("Prefect", "PREFECT_API_URL"),
    ):
        if variable in found:
            print(f"{name:8} {found[variable].removesuffix('/api')}")
    if "ARGILLA_API_URL" in found:
        print(f"Logins   {home.accounts}")
    for url in team_urls(home):
        print(f"Team     {url}")
    if team_urls(home):
        print("         Not encrypted: put a reverse proxy with TLS before it (docs/security.md).")
    print('Clients  source .venv/bin/activate; eval "$(copydesk env)"        Stop  copydesk down')


def say(message: str) -> None:
    """Progress of services, on stderr and at once."""
    print(message, file=sys.stderr, flush=True)
