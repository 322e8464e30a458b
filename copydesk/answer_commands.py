"""`copydesk answers`: people rate and correct what the instruction model answers."""

from pathlib import Path
from typing import Annotated

import typer

from copydesk.options import DeskOption, FullOption, SetOption, SourceOption
from copydesk.process import run_parameters, use_services

answers = typer.Typer(
    name="answers",
    help="The review of what the desk's instruction model answers.",
    no_args_is_help=True,
)


@answers.command()
def load(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Articles the model answers, in all; more adds to them.")
    ] = 50,
) -> None:
    """Let the model answer articles, and load its answers into Argilla to be corrected."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.load_answers import LoadAnswers, load_answers

    report = load_answers(LoadAnswers(**run, limit=limit))
    print(f"{report.answers} answers of model {report.model}, {report.new} of them new.")
    if report.invalid:
        print(f"{report.invalid} of the new ones break the form of an answer.")
    print(f"Correct them: {report.argilla_url}")


@answers.command()
def pull(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    full: FullOption = False,
) -> None:
    """Pull ratings and corrections; the next copydesk train sft learns from them."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.pull_answers import PullAnswers, correction_rows, pull_answers

    report = pull_answers(PullAnswers(**run, full=full))
    mean = "" if report.mean_rating is None else f", rated {report.mean_rating:.2f} on average"
    print(f"{report.new} new or changed opinions; {report.opinions} count{mean}.")
    # Which corrections are broken, and why, stands in the log lines.
    for what, count in correction_rows(report.corrections):
        if count:
            print(f"{count:6} {what}")


@answers.command()
def export(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON lines; by default in COPYDESK_HOME.")
    ] = None,
) -> None:
    """Write chosen and rejected answers as JSON lines, as trl's preference trainers load them."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.export_preferences import ExportPreferences, export_preferences

    report = export_preferences(ExportPreferences(**run, out=str(out or "")))
    counts = ", ".join(f"{count} by {origin}" for origin, count in report.rows.items())
    print(f"{sum(report.rows.values())} preferences ({counts}) are in {report.file}.")
    if report.withheld:
        print(f"{report.withheld} left out: their text may not be passed on.")
    if report.tested:
        print(f"{report.tested} left out: of the test split, or like an article of it.")
