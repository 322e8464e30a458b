"""copydesk agreement and resolve on any file of answers: no desk, nothing started."""

from pathlib import Path
from typing import Annotated

import typer

from copydesk.file_options import DelimiterOption, EncodingOption, FormatOption
from copydesk.vote_options import (
    SCORES,
    AnnotatorColumn,
    AnswersFile,
    GuidelinesColumn,
    ItemColumn,
    JsonOption,
    LabelColumn,
    QuestionColumn,
    SeedOption,
    SpansOfColumn,
)


def agreement(
    file: AnswersFile,
    as_json: JsonOption = False,
    item_column: ItemColumn = None,
    annotator_column: AnnotatorColumn = None,
    label_column: LabelColumn = None,
    spans_column: SpansOfColumn = None,
    question_column: QuestionColumn = None,
    guidelines_column: GuidelinesColumn = None,
    format_: FormatOption = None,
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = None,
    seed: SeedOption = 13,
) -> None:
    """How far annotators agree: overall, each of them, each pair, label and guidelines revision."""
    from copydesk.vote_file import agreement_of_file, answers_file

    columns = {
        "item": item_column,
        "annotator": annotator_column,
        "label": label_column,
        "spans": spans_column,
        "question": question_column,
        "guidelines": guidelines_column,
    }
    agreement_of_file(answers_file(file, columns, format_, encoding, delimiter), seed, as_json)


def resolve(
    file: AnswersFile,
    rule: Annotated[
        str, typer.Option(help="majority, dawid-skene, trusted or adjudicated.")
    ] = "majority",
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="An annotator whose answer wins by rule trusted; repeatable."),
    ] = None,
    adjudicator: Annotated[
        list[str] | None,
        typer.Option(help="An annotator whose answer wins by every rule; repeatable."),
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option("--gold", rich_help_panel=SCORES, help="Score against this column."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a row an item: .parquet, .csv or .jsonl.")
    ] = None,
    as_json: JsonOption = False,
    item_column: ItemColumn = None,
    annotator_column: AnnotatorColumn = None,
    label_column: LabelColumn = None,
    spans_column: SpansOfColumn = None,
    question_column: QuestionColumn = None,
    format_: FormatOption = None,
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = None,
    seed: SeedOption = 13,
) -> None:
    """What the answers come to, by a rule; with --gold how right it is."""
    from copydesk.vote_file import answers_file, resolve_file, to_policy

    columns = {
        "item": item_column,
        "annotator": annotator_column,
        "label": label_column,
        "spans": spans_column,
        "question": question_column,
        "gold": gold,
    }
    read = answers_file(file, columns, format_, encoding, delimiter)
    resolve_file(read, to_policy(rule, trusted or (), adjudicator or (), read), out, seed, as_json)
