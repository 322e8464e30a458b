"""The commands train, score and predict: the desk's models, or with --data those of any file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from copydesk import file_options as on_file
from copydesk.data_file import data_file
from copydesk.desk_models import score_desk, train_desk, train_desk_sft
from copydesk.desk_tokenizer import train_desk_tokenizer
from copydesk.options import DeskOption, PerClassOption, SetOption, SourceOption
from copydesk.process import parse_overrides
from copydesk.tokenizer_file import train_tokenizer_file
from copydesk.train_file import Recipe, train_file
from copydesk.use_file import predict_file, score_file
from corpus.errors import DeskError
from corpus.labelled.columns import FileForm

KINDS = ("topics", "entities")
TOKENIZER, SFT, VOCABULARY = "tokenizer", "sft", 8000
ENCODER, SEED, DESK = "offline", 42, "desk.yaml"
OutOption = Annotated[
    Path | None,
    typer.Option("--out", rich_help_panel=on_file.FILES, help="Folder of the new model."),
]


def train(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="topics or entities; left out: both of the desk. sft: the desk's instruction "
            "model, which is also scored, judged and published. tokenizer: of the desk's words, "
            "published as well."
        ),
    ] = None,
    desk: DeskOption = DESK,
    source: SourceOption = None,
    set_: SetOption = None,
    only: Annotated[str | None, typer.Option(help="topics or entities, as KIND.")] = None,
    per_class: PerClassOption = None,
    publish: Annotated[
        bool,
        typer.Option("--publish/--no-publish", help="Of sft (if the gate agrees) and tokenizer."),
    ] = True,
    force_model: Annotated[
        bool, typer.Option("--force-model", help="Of sft: publish whatever the gate says.")
    ] = False,
    data: on_file.DataOption = None,
    out: OutOption = None,
    encoder: on_file.EncoderOption = ENCODER,
    method: on_file.MethodOption = None,
    seed: on_file.SeedOption = SEED,
    labels: on_file.LabelsOption = None,
    tracking: on_file.TrackingOption = "none",
    base: on_file.BaseOption = ENCODER,
    vocabulary: on_file.VocabularyOption = VOCABULARY,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            rich_help_panel=on_file.FILES,
            help="Refuse to train on texts that stand in the test split; else it only warns.",
        ),
    ] = False,
    text_column: on_file.TextColumn = "text",
    topic_column: on_file.TopicColumn = "topic",
    spans_column: on_file.SpansColumn = "spans",
    split_column: on_file.SplitColumn = None,
    title_column: on_file.TitleColumn = None,
    format_: on_file.FormatOption = None,
    encoding: on_file.EncodingOption = "utf-8",
    delimiter: on_file.DelimiterOption = None,
) -> None:
    """Train the desk's models on what is reviewed, or with --data and --out a model on any file."""
    names = {"text": text_column, "title": title_column}
    form = FileForm(format_, encoding, delimiter)
    if kind == TOKENIZER:
        others: dict[str, Any] = {"--encoder": encoder != ENCODER, "--method": method}
        others |= {"--labels": labels, "--only": only, "--per-class": per_class, "--strict": strict}
        others |= {"--seed": seed != SEED, "--tracking": tracking != "none"}
        others |= {"--split-column": split_column, "--force-model": force_model}
        _refuse("a tokenizer", others)
        if data is None:
            of_files = {"--base": base != ENCODER, "--vocabulary": vocabulary != VOCABULARY}
            _refuse_without_data({"--out": out, **of_files})
            train_desk_tokenizer(desk, source, set_, publish)
            return
        _refuse_desk_options({"--desk": desk != DESK, "--source": source, "--set": set_})
        _refuse_desk_options({"--no-publish": not publish})
        place = _required_out(data, out)
        train_tokenizer_file(data_file(data, form, names), base, vocabulary, place)
        return
    if kind == SFT:
        with_data: dict[str, Any] = {"--data": data, "--out": out, "--encoder": encoder != ENCODER}
        with_data |= {"--method": method, "--labels": labels, "--strict": strict, "--only": only}
        with_data |= {"--seed": seed != SEED, "--tracking": tracking != "none"}
        with_data |= {"--base": base != ENCODER, "--vocabulary": vocabulary != VOCABULARY}
        _refuse("an instruction model", with_data)
        train_desk_sft(desk, source, set_, per_class, publish, force_model)
        return
    _refuse("a model of this kind", {"--no-publish": not publish, "--force-model": force_model})
    _refuse("a model", {"--base": base != ENCODER, "--vocabulary": vocabulary != VOCABULARY})
    chosen = _kind(kind, only)
    if data is None:
        given = {"--out": out, "--labels": labels, "--method": method, "--strict": strict}
        given |= {"--encoder": encoder != ENCODER, "--seed": seed != SEED}
        given |= {"--tracking": tracking != "none"}
        _refuse_without_data(given)
        train_desk(desk, source, set_, chosen, per_class)
        return
    if chosen is None or out is None:
        what = "--out" if chosen else "topics or entities"
        raise DeskError(
            f"Training on {data} needs {what}.",
            f"copydesk train {chosen or 'topics'} --data {data} --out model",
        )
    _refuse_desk_options({"--desk": desk != DESK, "--source": source})
    settings: dict[str, Any] = parse_overrides(set_)
    if per_class is not None:
        settings["per_class"] = per_class
    if method is not None:
        settings["method"] = method
    names |= {"topic": topic_column, "spans": spans_column, "split": split_column}
    file = data_file(data, form, names)
    recipe = Recipe(encoder, seed, _labels(labels), settings, strict, tracking=tracking)
    train_file(chosen, file, recipe, out)


def score(
    model: Annotated[str | None, typer.Argument(help="With --data: a folder or a repo_id.")] = None,
    desk: DeskOption = DESK,
    source: SourceOption = None,
    set_: SetOption = None,
    per_class: PerClassOption = None,
    data: on_file.DataOption = None,
    split: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=on_file.FILES,
            help="train, validation, test or all; by default test, if there, else all.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all figures as one JSON object.")
    ] = False,
    count_unknown: Annotated[
        bool,
        typer.Option(
            "--count-unknown",
            rich_help_panel=on_file.FILES,
            help="Labels that the model does not know count as missed; else they are an error.",
        ),
    ] = False,
    seed: on_file.SeedOption = SEED,
    title_column: on_file.TitleColumn = None,
    split_column: on_file.SplitColumn = None,
    spans_column: on_file.SpansColumn = "spans",
    topic_column: on_file.TopicColumn = "topic",
    text_column: on_file.TextColumn = "text",
    delimiter: on_file.DelimiterOption = None,
    encoding: on_file.EncodingOption = "utf-8",
    format_: on_file.FormatOption = None,
) -> None:
    """Score the desk's models, or with --data any model on any file, with 95 % intervals."""
    if data is None:
        if model is not None:
            raise DeskError(
                f"Scoring {model!r} needs --data.", f"copydesk score {model} --data FILE"
            )
        score_desk(desk, source, set_, per_class, as_json)
        return
    if model is None:
        raise DeskError(
            f"Which model shall be scored on {data}?", f"copydesk score DIR --data {data}"
        )
    given = {"--desk": desk != DESK, "--source": source, "--set": set_, "--per-class": per_class}
    _refuse_desk_options(given)
    labelled = {"topic": topic_column, "spans": spans_column, "split": split_column}
    names = {"text": text_column, "title": title_column, **labelled}
    file = data_file(data, FileForm(format_, encoding, delimiter), names)
    score_file(model, file, split, as_json, count_unknown, seed)


def predict(
    model: Annotated[str, typer.Argument(help="A folder or a repo_id.")],
    data: on_file.RequiredData,
    out: Annotated[Path, typer.Option("--out", help="JSON lines, one object a row.")],
    id_column: on_file.IdColumn = None,
    text_column: on_file.TextColumn = "text",
    title_column: on_file.TitleColumn = None,
    encoding: on_file.EncodingOption = "utf-8",
    delimiter: on_file.DelimiterOption = None,
    format_: on_file.FormatOption = None,
) -> None:
    """Predict topics or spans for every row of a file; a killed run continues where it was."""
    names = {"text": text_column, "title": title_column, "id": id_column}
    file = data_file(data, FileForm(format_, encoding, delimiter), names)
    predict_file(model, file, out)


def _refuse(kind: str, given: Mapping[str, Any]) -> None:
    for flag in (flag for flag, value in given.items() if value):
        raise DeskError(f"{flag} says nothing of {kind}.", f"Leave {flag} out.")


def _refuse_desk_options(given: Mapping[str, Any]) -> None:
    for flag in (flag for flag, value in given.items() if value):
        raise DeskError(f"{flag} is for desks; --data is read without one.", f"Leave {flag} out.")


def _refuse_without_data(given: Mapping[str, Any]) -> None:
    for flag in (flag for flag, value in given.items() if value):
        raise DeskError(f"{flag} needs --data.", "For a desk: --set models.…, docs/desk.md.")


def _required_out(data: Path, out: Path | None) -> Path:
    if out is None:
        raise DeskError(
            "A tokenizer of a file needs --out.",
            f"copydesk train tokenizer --data {data} --out DIR",
        )
    return out


def _kind(kind: str | None, only: str | None) -> Any:
    if kind and only and kind != only:
        raise DeskError(f"{kind} and --only {only} disagree.", f"Leave out --only {only}.")
    chosen = kind or only
    if chosen not in (None, *KINDS):
        raise DeskError(
            f"{chosen!r} is not a model.", "Use topics or entities (KIND may be tokenizer)."
        )
    return chosen


def _labels(given: str | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(name.strip() for name in given.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise DeskError(
            f"--labels {given!r} has an empty or a repeated label.", "For example --labels a,b,c"
        )
    return names
