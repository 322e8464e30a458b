"""Commands that look ahead: what more labels would bring, and which come first."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from copydesk.options import DeskOption, PerClassOption, SetOption, SourceOption
from copydesk.process import run_parameters, use_services


def worth(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
    per_class: PerClassOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What the next 100 labels would bring each model, and which labels need them most."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.desk_run import DeskRun
    from flows.worth import label_rows
    from flows.worth import worth as run_worth

    found = run_worth(DeskRun(**run))
    if as_json:
        print(json.dumps({w.kind: asdict(w) for w in found}, indent=2))
        return
    for model in found:
        print(f"{model.kind}: {model.statement}")
        print(f"  (measured with {model.worth['method']})")
        for row in label_rows(model.worth):
            gain = row[f"F1 by {model.worth['more_of_a_label']} more"]
            print(
                f"  {row['label']} ({row['examples']}): {row['advice']}, {row['because']}; {gain}"
            )


def prioritise(
    desk: DeskOption = "desk.yaml",
    source: SourceOption = None,
    set_: SetOption = None,
) -> None:
    """Put the records that nobody answered into the desk's order of review."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.desk_run import DeskRun
    from flows.prioritise import prioritise as run_prioritise

    found = run_prioritise(DeskRun(**run))
    print(f"{found.changed} of {found.waiting} waiting articles have another place: {found.url}")
