"""Options that several commands share."""

from typing import Annotated

import typer

DeskOption = Annotated[str, typer.Option("--desk", help="The desk file.")]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="Replaces source.path of the desk.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Replaces a desk value: --set review.blind_share=0.2"),
]
FullOption = Annotated[bool, typer.Option(help="Read everything, also without new activity.")]
PerClassOption = Annotated[
    int | None, typer.Option(min=2, help="At most so many articles a topic teach the model.")
]
