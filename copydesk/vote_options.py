"""Options of the commands on files of answers."""

from pathlib import Path
from typing import Annotated

import typer

COLUMNS = "Columns"
SCORES = "Gold and intervals"

AnswersFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="Parquet, CSV or JSON lines; a row is one annotator's answer to one item.",
    ),
]
ItemColumn = Annotated[
    str | None,
    typer.Option("--item-column", rich_help_panel=COLUMNS, help="By default item_id."),
]
AnnotatorColumn = Annotated[
    str | None,
    typer.Option("--annotator-column", rich_help_panel=COLUMNS, help="By default annotator."),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column", rich_help_panel=COLUMNS, help="A label, or a list; by default label."
    ),
]
SpansOfColumn = Annotated[
    str | None,
    typer.Option(
        "--spans-column",
        rich_help_panel=COLUMNS,
        help="A list of {start, end, label}, also as JSON; by default spans.",
    ),
]
QuestionColumn = Annotated[
    str | None,
    typer.Option(
        "--question-column",
        rich_help_panel=COLUMNS,
        help="What was asked (an entity type, say), where annotators were asked different things "
        "of an item; by default question, if there.",
    ),
]
GuidelinesColumn = Annotated[
    str | None,
    typer.Option(
        "--guidelines-column",
        rich_help_panel=COLUMNS,
        help="The revision the annotator read; by default guidelines, if there.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, rich_help_panel=SCORES, help="Of the intervals.")
]
