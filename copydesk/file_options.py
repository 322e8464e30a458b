"""Options of the commands that work on any labelled file."""

from pathlib import Path
from typing import Annotated

import typer

from corpus.tracking import Tracking

FILES = "On a file (--data)"

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", rich_help_panel=FILES, help="A Parquet, CSV or JSON lines file; no desk is read."
    ),
]
RequiredData = Annotated[
    Path, typer.Option("--data", help="A Parquet, CSV or JSON lines file, also one above memory.")
]
TextColumn = Annotated[
    str, typer.Option("--text-column", rich_help_panel=FILES, help="Holds the text.")
]
TitleColumn = Annotated[
    str | None,
    typer.Option(
        "--title-column",
        rich_help_panel=FILES,
        help="Holds a title that topic models read above the text; by default none is read.",
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option(
        "--id-column", rich_help_panel=FILES, help="Copied to the output; by default id, if there."
    ),
]
TopicColumn = Annotated[
    str, typer.Option("--topic-column", rich_help_panel=FILES, help="Holds the topic, or a list.")
]
SpansColumn = Annotated[
    str,
    typer.Option(
        "--spans-column", rich_help_panel=FILES, help="Holds a list of {start, end, label}."
    ),
]
SplitColumn = Annotated[
    str | None,
    typer.Option(
        "--split-column",
        rich_help_panel=FILES,
        help="Holds train, validation (or dev), test; by default split, if there.",
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", rich_help_panel=FILES, help="parquet, csv or jsonl; by default by the suffix."
    ),
]
EncodingOption = Annotated[
    str, typer.Option("--encoding", rich_help_panel=FILES, help="Of CSV and JSON lines.")
]
DelimiterOption = Annotated[
    str | None,
    typer.Option("--delimiter", rich_help_panel=FILES, help="Of CSV; by default a comma."),
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        "--labels",
        rich_help_panel=FILES,
        help="All labels in their order, comma-separated; by default those that occur, sorted.",
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", rich_help_panel=FILES, help="Of training, drawing and intervals.")
]
EncoderOption = Annotated[
    str,
    typer.Option(
        "--encoder",
        rich_help_panel=FILES,
        help="offline (MiniLM from its wheel), a folder or a repo_id to start from.",
    ),
]
TrackingOption = Annotated[
    Tracking,
    typer.Option(
        "--tracking",
        rich_help_panel=FILES,
        help="Where losses and scores are recorded as well; not those of frozen encoders' heads.",
    ),
]
BaseOption = Annotated[
    str,
    typer.Option(
        "--base",
        rich_help_panel=FILES,
        help="Of a tokenizer: offline (MiniLM's), bytes, a folder or a repo_id to start from.",
    ),
]
VocabularyOption = Annotated[
    int,
    typer.Option(
        "--vocabulary", rich_help_panel=FILES, help="Of a tokenizer: so many tokens at most."
    ),
]
MethodOption = Annotated[
    str | None,
    typer.Option("--method", rich_help_panel=FILES, help="The same as --set method=…"),
]
