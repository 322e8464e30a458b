"""The commands that publish, and that show beforehand what would be published."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from copydesk.options import DeskOption, PerClassOption, SetOption, SourceOption
from copydesk.process import run_parameters, set_process_defaults, use_services
from embedded.home import default_home


def publish(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    per_class: PerClassOption = None,
    to: Annotated[
        str | None,
        typer.Option(help="hub:org/name for the data set; models go to org/name-topics, …"),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Hide the repositories.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show what would change; write nothing. 1 where it would be refused."
        ),
    ] = False,
    force_model: Annotated[
        bool,
        typer.Option(
            "--force-model", help="Publish models whatever the gate says; their cards say so."
        ),
    ] = False,
) -> None:
    """Publish the data set and the models with generated cards, one commit each."""
    run = run_parameters(desk, source, set_, per_class)
    from corpus.destination import repo_id_of

    # Before services are asked for: a mistake is said first.
    if to is not None:
        repo_id_of(to)
    use_services()
    from flows.publish import Publish
    from flows.publish import publish as run_publish
    from flows.verdicts import verdict_lines
    from publishing.plan import plan_differences, plan_summary

    config = Publish(**run, to=to, private=private, dry_run=dry_run, force_model=force_model)
    report = run_publish(config)
    for plan in report.plans:
        print("\n".join(plan_summary(plan)))
    for plan in report.plans:
        for line in plan_differences(plan):
            _print_diff(line)
    for item in report.items:
        state = "committed" if item.changed else "unchanged"
        print(f"{item.url} {item.tag} {item.revision[:8]} {state}")
    for judged in report.judged:
        print("".join(f"{line}\n" for line in verdict_lines(judged)), end="")
    if any(plan.refusal for plan in report.plans):
        raise typer.Exit(1)


def card(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    per_class: PerClassOption = None,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("cards"),
) -> None:
    """Render the cards of what would be published, as Markdown and HTML; no service is asked."""
    run = run_parameters(desk, source, set_, per_class)
    set_process_defaults(default_home())
    from corpus.desk import read_desk
    from flows.cards import local_parts
    from publishing.local_card import write_card
    from publishing.manifest import CARD

    settings = read_desk(run["desk"], run["overrides"])
    with tempfile.TemporaryDirectory() as name:
        for part in local_parts(settings, Path(name)):
            page = write_card(part, out)
            print(page.with_name(CARD), page, sep="\n")


def _print_diff(line: str) -> None:
    """Added and removed lines in colour, where a person looks."""
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    typer.secho(line, fg=colour if sys.stdout.isatty() else None)
