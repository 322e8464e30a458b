"""`copydesk adjudicate`: somebody decides where the annotators of a desk tie."""

import typer

from copydesk.options import DeskOption, FullOption, SetOption, SourceOption
from copydesk.process import run_parameters, use_services

adjudicate = typer.Typer(
    name="adjudicate",
    help="Questions that annotators left open, decided by somebody else.",
    no_args_is_help=True,
)


@adjudicate.command()
def load(
    desk: DeskOption = "desk.yaml", source: SourceOption = None, set_: SetOption = None
) -> None:
    """Load open articles into an Argilla data set of their own, with the answers, without names."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.desk_run import DeskRun
    from flows.load_adjudication import load_adjudication

    found = load_adjudication(DeskRun(**run))
    print(
        f"{found.open} articles are left open by annotators, {found.records.new} of them new; "
        f"{found.decided} are decided."
    )
    if found.argilla_url:
        print(f"Adjudicate: {found.argilla_url}")


@adjudicate.command()
def pull(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    full: FullOption = False,
) -> None:
    """Pull what adjudicators decided into gold; copydesk pull does it, too."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.pull_adjudication import PullAdjudication, pull_adjudication

    found = pull_adjudication(PullAdjudication(**run, full=full))
    print(
        f"{found.new} new or changed decisions; {found.adjudicated} articles are adjudicated, "
        f"{found.unresolved} still open."
    )
