"""Commands for the embedded services: start, stop, look, back up."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from copydesk.show import say, show_places
from embedded.errors import ServiceError
from embedded.home import default_home

app = typer.Typer()

PortOption = Annotated[
    int | None, typer.Option(min=1, max=65535, help="A port; a free one if left out.")
]
HostOption = Annotated[
    str | None,
    typer.Option(
        help="Address on which Argilla alone listens for this run; 127.0.0.1 if left out."
    ),
]
OpenOption = Annotated[
    bool, typer.Option("--open-to-network", help="Needed with an address others can reach.")
]


@app.command()
def up(
    argilla_port: PortOption = None,
    hub_port: PortOption = None,
    prefect_port: PortOption = None,
    host: HostOption = None,
    open_to_network: OpenOption = False,
) -> None:
    """Start the embedded Argilla, Hub and Prefect in the background; does nothing if they run."""
    from embedded.network import parse_host
    from embedded.services import start

    home = default_home()
    asked = {"argilla": argilla_port, "hub": hub_port, "prefect": prefect_port}
    start(home, asked, say=say, host=parse_host(host, open_to_network))
    show_places(home)


@app.command()
def down() -> None:
    """Stop exactly what `up` started, warm; data stays."""
    from embedded.services import is_up, stop

    home = default_home()
    if is_up(home):
        say("Stopping: the worker ends its job, the server its requests, Redis saves")
    print("Services stopped." if stop(home, say) else "No services were running.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """What runs, where, how well, how much; exit code 3 if something is not healthy."""
    from copydesk.show_status import show_status
    from embedded.status import data_sizes, manager_status
    from embedded.status import status as read_status

    home = default_home()
    found, manager, sizes = read_status(home), manager_status(home), data_sizes(home)
    if as_json:
        shown = {
            "home": str(home.root),
            "manager": asdict(manager),
            "programs": [asdict(row) for row in found],
            "data_bytes": sizes,
        }
        print(json.dumps(shown, indent=2))
    elif not found:
        print("Nothing was started here. copydesk up starts the services.")
    else:
        show_status(home, manager, found, sizes)
    if not found or not manager.healthy or not all(line.healthy for line in found):
        raise typer.Exit(3)


@app.command()
def env() -> None:
    """Shell exports for any client: eval "$(copydesk env)"."""
    from embedded.services import exports, is_up

    home = default_home()
    if not is_up(home):
        raise ServiceError(f"No services run in {home.root}.", "Run copydesk up.")
    # The home too: state of a desk belongs to it, wherever the next command is given.
    for name, value in {**exports(home), "COPYDESK_HOME": str(home.root)}.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def doctor() -> None:
    """Check what is installed, reachable and writable; exit code 1 if something is not."""
    from embedded.doctor import examine

    findings = examine(default_home())
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what}: {finding.found}")
        if not finding.ok:
            print(f"     → {finding.mend}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, outside of COPYDESK_HOME.")],
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Everything in COPYDESK_HOME into one file; services may run meanwhile."""
    from embedded.backup import write_backup

    home = default_home()
    report = write_backup(home, file, overwrite=overwrite, say=say)
    print(f"{report.file}  {report.size_bytes / 1e6:.1f} MB, {report.members} files of {home.root}")
    print("It holds passwords, keys and tokens: keep it as private as the folder itself.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that copydesk backup wrote.")],
    replace: Annotated[
        bool, typer.Option(help="Put it in the place of what is there; that is kept aside.")
    ] = False,
) -> None:
    """A backup into COPYDESK_HOME; checked before anything is touched."""
    from embedded.restore import restore_backup

    home = default_home()
    report = restore_backup(home, file, replace=replace, say=say)
    print(f"{report.members} files of {report.made_at} are in {home.root}.")
    if report.kept_aside is not None:
        print(f"What was there before is in {report.kept_aside}; delete it when all is well.")
    print("copydesk up starts the services; the search index is built again then.")
