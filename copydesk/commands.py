"""The command line: the steps of a round, the demo; services stand in `service_commands`.

Imports are lazy: torch, argilla and Prefect are loaded by the command that needs them.
"""

import re
import shlex
import sys
import time
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from copydesk import service_commands
from copydesk.adjudicate_commands import adjudicate
from copydesk.annotator_names import annotators
from copydesk.answer_commands import answers
from copydesk.insight_commands import prioritise, worth
from copydesk.merge_command import merge
from copydesk.model_commands import predict, score, train
from copydesk.options import DeskOption, FullOption, PerClassOption, SetOption, SourceOption
from copydesk.process import run_parameters, use_services
from copydesk.publish_commands import card, publish
from copydesk.report_command import report
from copydesk.show import say, show_places, show_rounds
from copydesk.stop import TERMINATED
from copydesk.suggestion_command import suggestions
from copydesk.transfer import export_argilla, import_argilla
from copydesk.users import users
from copydesk.vote_commands import agreement, resolve
from corpus.errors import DeskError
from embedded.errors import ServiceError
from embedded.home import default_home

app = typer.Typer(
    name="copydesk",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(service_commands.app)
app.add_typer(users)
app.add_typer(answers)
app.add_typer(adjudicate)

STEP = re.compile(
    r"copydesk (?:load|pull|train|score|second-look|report|worth|prioritise|publish|curate"
    r"|(?:answers|adjudicate) \w+)\b(?! --desk)"
)

INTERRUPTED = "\ninterrupted; run the same command again, it continues."

SkipOption = Annotated[
    int, typer.Option(min=0, help="Leave out so many articles of the source first.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Load at most so many articles.")]


def main() -> None:
    """Run the command line; an error is two lines on stderr and exit code 1."""
    try:
        app()
    except (DeskError, ServiceError) as error:
        print(f"error: {error.problem}\n  → {_with_desk(error.next_step)}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if _comes_of_an_interruption(error):
            print(INTERRUPTED, file=sys.stderr)
            sys.exit(130)
        # A service that dies in the middle; naming the classes would import every client.
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore", "httpx2"):
            raise
        print(f"error: a service stopped answering ({error!r}).", file=sys.stderr)
        print("  → Run copydesk doctor, then the same command again.", file=sys.stderr)
        sys.exit(1)
    except SystemExit as end:
        # typer turns Ctrl-C into the first.
        if end.code in (130, TERMINATED):
            print(INTERRUPTED, file=sys.stderr)
        raise


def _comes_of_an_interruption(error: BaseException | None) -> bool:
    """Ctrl-C while Prefect begins a task ends in a ValueError of Prefect's own."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    return False


def _show_version(asked: bool) -> None:
    if asked:
        print(f"copydesk {metadata.version('copydesk')}")
        raise typer.Exit


@app.callback()
def _whole(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """From annotation to model: review news in Argilla, publish on the Hugging Face Hub."""


def _with_desk(next_step: str) -> str:
    """The next command as it must be typed: with the desk of this one."""
    given = [value for flag, value in pairwise(sys.argv) if flag == "--desk"]
    if not given:
        return next_step
    return STEP.sub(lambda step: f"{step[0]} --desk {shlex.quote(given[-1])}", next_step)


@app.command()
def load(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    skip: SkipOption = 0,
    limit: LimitOption = None,
) -> None:
    """Load articles into Argilla with pre-annotations."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.load_news import LoadNews, load_news

    report = load_news(LoadNews(**run, skip=skip, limit=limit))
    print(f"{report.articles} articles, {report.new} new records, {report.blind} of them blind.")
    for agent, count in report.suggestions.items():
        print(f"{count} suggestions by {agent}")
    for reason, count in report.skipped.items():
        print(f"{count} rows skipped: {reason}")
    for reason, count in report.repairs.items():
        print(f"{count} times: {reason}")
    print(f"Review them: {report.argilla_url}")


@app.command()
def pull(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    full: FullOption = False,
) -> None:
    """Pull answers from Argilla into the ledger and resolve them into gold."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.pull_reviewed import PullReviewed, pull_reviewed

    report = pull_reviewed(PullReviewed(**run, full=full))
    gold = report.gold
    print(f"{report.new_answers} new or changed answers; {gold.answers} count.")
    print(f"Kind of pull: {report.kind} ({report.reason}).")
    print(
        f"{len(gold.reviewed)} reviewed articles, {gold.unresolved} unresolved, "
        f"{gold.waiting} wait for more answers, {len(gold.quarantined)} near-duplicates left out."
    )
    if report.new_adjudications:
        print(f"{report.new_adjudications} new or changed decisions of adjudicators.")
    if gold.unresolved:
        print("What is unresolved waits for adjudicators: copydesk adjudicate load")


@app.command()
def second_look(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    per_class: PerClassOption = None,
    most: Annotated[int, typer.Option(min=0, help="List at most so many mistakes.")] = 10,
) -> None:
    """Mark in Argilla the answers that the models doubt, and list what they get wrong."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.desk_run import DeskRun
    from flows.mistakes import second_look_lines
    from flows.second_look import second_look as look_again

    print("\n".join(second_look_lines(look_again(DeskRun(**run)), most)))


@app.command()
def curate(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    skip: SkipOption = 0,
    limit: LimitOption = None,
    per_class: PerClassOption = None,
    simulate: Annotated[
        bool, typer.Option(help="Let simulated reviewers answer from the source's labels.")
    ] = False,
    accounts: Annotated[
        Path | None, typer.Option(help="Annotator accounts for --simulate.")
    ] = None,
    insight: Annotated[
        bool, typer.Option(help="Probe the models and tell what more labels would bring them.")
    ] = True,
) -> None:
    """One whole round: load, pull, train, score, publish."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.curate import Curate
    from flows.curate import curate as run_curate

    file = str(accounts or default_home().accounts) if simulate else None
    report = run_curate(Curate(**run, skip=skip, limit=limit, simulate_with=file, insight=insight))
    show_rounds([report])


@app.command()
def demo(desk: DeskOption = "desk.yaml", set_: SetOption = None) -> None:
    """Two rounds on the sample desk with simulated reviewers; services stay up."""
    from embedded.services import start

    home, started = default_home(), time.monotonic()
    run = run_parameters(desk, None, set_)
    start(home, say=say)
    use_services()
    from flows.demo import Demo
    from flows.demo import demo as run_demo

    say("Two rounds with three simulated reviewers")
    report = run_demo(Demo(**run, accounts=str(home.accounts)))
    show_rounds(report.rounds)
    show_places(home)
    say(f"Done in {time.monotonic() - started:.0f} seconds")


@app.command()
def desk_keys() -> None:
    """All keys of a desk with defaults and what they are, as Markdown."""
    from corpus.desk_keys import page

    print(page(), end="")


app.command()(train)
app.command()(score)
app.command()(predict)
app.command()(merge)
app.command()(agreement)
app.command()(resolve)
app.command()(annotators)
app.command()(worth)
app.command()(prioritise)
app.command()(suggestions)
app.command()(report)
app.command()(publish)
app.command()(card)
app.command()(export_argilla)
app.command()(import_argilla)
