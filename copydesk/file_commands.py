"""Train, score and predict on any file: no desk, no Argilla, no Prefect."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.out_folder import is_first_process, new_folder
from copydesk.process import set_process_defaults
from corpus.articles import Split
from corpus.errors import DeskError
from corpus.labelled.columns import FLAGS, Columns, FileForm
from embedded.home import default_home

if TYPE_CHECKING:
    from corpus.labelled.parts import Parts
    from corpus.labelled.read import Kind, LabelledFile
    from training.results import TrainedModel


TRAINING_FACTS = "training.json"
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, and how it is to be read."""

    path: Path
    columns: Columns
    form: FileForm


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; ``settings`` are keys of models.topics or models.entities of a desk."""

    encoder: str = "offline"
    seed: int = 42
    labels: tuple[str, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False


def train_file(kind: "Kind", data: DataFile, recipe: Recipe, out: Path) -> None:
    """Train on the file into a new folder ``out``; says what was trained on which rows."""
    from copydesk.out_folder import require_free
    from corpus.labelled.parts import to_parts
    from corpus.labelled.read import read_labelled

    _prepare()
    require_free(out)
    settings = _settings(kind, recipe.settings)
    file = read_labelled(data.path, kind, data.columns, data.form, recipe.labels)
    parts = to_parts(file, recipe.seed)
    for line in _account(file, parts, recipe.seed):
        _tell(line)
    _check_repeats(file, parts, recipe.strict)
    with new_folder(out) as folder, _progress(f"training {kind}") as report:
        # Beside the model and by its name, where the same command after a kill goes on from.
        checkpoints = out.absolute().with_name(f".{out.name}.checkpoints")
        trained = _fit(file, parts, settings, recipe, (folder, report, checkpoints))
        facts = asdict(trained) | {"labels": file.labels, "encoder": _encoder_name(recipe.encoder)}
        facts |= {"data": file.path.name, "data_sha256": _sha256(file.path)}
        facts |= {"rows": {s: parts.count(s) for s in SPLITS}}
        del facts["folder"], facts["curve_png"]
        (folder / TRAINING_FACTS).write_text(json.dumps(facts, indent=2), encoding="utf-8")
    if not is_first_process():
        return
    print(f"{out}: a model of {kind}, trained on {trained.examples:,} rows. {trained.diagnosis}")
    print(f"Labels: {', '.join(file.labels)}")


def score_file(
    model: str, data: DataFile, split: str | None, as_json: bool, count_unknown: bool, seed: int
) -> None:
    """Score a model on the file's test split, else on all of it."""
    from corpus.labelled.cells import CellError, to_split
    from corpus.labelled.parts import ALL, rows_to_score
    from corpus.labelled.read import read_labelled
    from training.prediction.loaded import model_folder, model_kind, open_model

    _prepare()
    try:
        wanted = split if split in (None, ALL) else to_split(split)
    except CellError as error:
        raise DeskError(f"--{error}.", f"Use all, {', '.join(SPLITS)}.") from error
    folder = model_folder(model)
    # Before the model, whose libraries take seconds: a mistake in the file is said at once.
    file = read_labelled(data.path, model_kind(folder), data.columns, data.form)
    name, rows = rows_to_score(file, wanted)
    _tell(f"{file.path}: {len(rows):,} rows ({name}){_left_out(file)}")
    if name in (ALL, "train") and _was_trained_on(folder, data.path):
        _tell("warning: the model was trained on rows of this file; scores on them are too good.")
    loaded = open_model(model)
    from training.prediction.file_scores import score_rows

    scores = score_rows(loaded, rows, seed, count_unknown)
    found: dict[str, Any] = {
        "kind": loaded.kind,
        "model": loaded.name,
        "data": file.path.name,
        "split": name,
    }
    found |= {"n": len(rows), **scores}
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(_score_lines(found)))


def predict_file(model: str, data: DataFile, out: Path) -> None:
    """Predict every row of the file into JSON lines, in order, as a stream."""
    from corpus.labelled.read import read_plain
    from training.prediction.loaded import model_folder, model_kind, open_model
    from training.prediction.to_file import digest_of, predict_to_file, require_predictions

    _prepare()
    if out.exists() and data.path.exists() and out.samefile(data.path):
        raise DeskError(f"--out {out} is the file of --data.", "Give --out another name.")
    require_predictions(out)
    # Before the model, whose libraries take seconds: a wrong column is said at once.
    rows = read_plain(data.path, model_kind(model_folder(model)), data.columns, data.form)
    first = list(islice(rows, 1))
    from training.prediction.rows import predicted_rows

    loaded = open_model(model)
    changed_at = data.path.stat().st_mtime_ns if data.path.exists() else 0
    identity = {
        "model": digest_of(loaded.folder),
        "data": [str(data.path.absolute()), data.path.stat().st_size, changed_at],
        "columns": asdict(data.columns),
        "form": asdict(data.form),
    }
    with _progress("predicting") as report:
        written = predict_to_file(
            chain(first, rows),
            lambda chunk: predicted_rows(loaded, chunk),
            out,
            identity,
            lambda done: report(done, 0),
        )
    again = f", {written.resumed:,} of them from a run before" if written.resumed else ""
    as_was = "" if written.changed else "; they are as they were"
    print(f"{out}: {written.rows:,} predictions of {loaded.kind} by {loaded.name}{again}{as_was}")


def _was_trained_on(folder: Path, file: Path) -> bool:
    """Whether the model says that it was trained on this very file."""
    facts = folder / TRAINING_FACTS
    if not facts.is_file():
        return False
    return bool(json.loads(facts.read_text(encoding="utf-8")).get("data_sha256") == _sha256(file))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _prepare() -> None:
    """The embedded Hub where it runs, and quiet libraries; before clients are imported."""
    from embedded.exports import exports, is_up, is_users_own

    home = default_home()
    if is_up(home) and not is_users_own(home, "hub"):
        for name, value in exports(home).items():
            if name.startswith("HF_"):
                os.environ.setdefault(name, value)
    set_process_defaults(home)


def _settings(kind: "Kind", given: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    from corpus.settings.models import EntityModelSettings, TopicModelSettings

    form = TopicModelSettings if kind == "topics" else EntityModelSettings
    known = ", ".join(form.model_fields)
    keys = {key.removeprefix(f"models.{kind}."): value for key, value in given.items()}
    try:
        return form.model_validate(keys)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DeskError(
            f"Settings of a model of {kind}: {said}.",
            f"Correct --set or --method; keys are {known} (docs/desk.md).",
        ) from error


def _fit(
    file: "LabelledFile",
    parts: "Parts",
    settings: Any,
    recipe: Recipe,
    run: tuple[Path, Callable[[int, int], None], Path],
) -> "TrainedModel":
    from training.from_file import file_entities, file_topics

    how = (file.labels, settings, recipe.encoder, recipe.seed, *run)
    if file.kind == "topics":
        from training.classification.train import train_topics

        return train_topics(file_topics(file, parts), *how)
    from training.entities.train import train_entities

    return train_entities(file_entities(file, parts), *how)


def _encoder_name(encoder: str) -> str:
    from training.encoder import base_model_name

    return base_model_name(encoder)


def _account(file: "LabelledFile", parts: "Parts", seed: int) -> list[str]:
    counts = ", ".join(f"{parts.count(s):,} {s}" for s in SPLITS if parts.count(s))
    lines = [f"{file.path}: {len(file.rows):,} rows: {counts}{_left_out(file)}"]
    if parts.kept_back:
        lines.append(
            f"Every tenth training row, drawn by seed {seed} evenly over the labels, is kept back "
            "to validate (early stopping, calibration); the file has no validation split."
        )
    return lines


def _left_out(file: "LabelledFile") -> str:
    return "".join(f"; {count:,} {reason} left out" for reason, count in file.left_out.items())


def _check_repeats(file: "LabelledFile", parts: "Parts", strict: bool) -> None:
    """Texts that are trained on and stand in test make its scores too good."""
    from corpus.labelled.parts import find_repeats

    found = find_repeats(file, parts)
    if found.near is None:
        _tell("Too many texts to compare for near-duplicates; only equal ones are counted.")
    if not found.first:
        return
    near = f", {found.near:,} nearly" if found.near else ""
    said = (
        f"{found.exact:,} training texts stand in the test split as well{near} "
        f"(row {found.first[0]} and row {found.first[1]}): scores on it will be too good"
    )
    if strict:
        raise DeskError(f"{said}.", f"Remove them from {file.path}, or leave out --strict.")
    _tell(f"warning: {said}. --strict refuses to train then.")


def _score_lines(found: Mapping[str, Any]) -> Iterator[str]:
    rows = f"{found['n']:,} rows ({found['split']})"
    yield f"{found['model']} ({found['kind']}) on {found['data']}, {rows}"
    for name in ("accuracy", "macro_f1", "precision", "recall", "f1"):
        if name in found:
            value = found[name]
            yield f"{name} {value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
    for label, scores in found["per_label"].items():
        f1 = scores["f1"]
        yield (
            f"f1 of {label} ({scores['support']:,}) "
            f"{f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}]"
        )


def _tell(line: str) -> None:
    """On stderr: stdout is for results alone."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where a person looks; a total of 0 means that it is not known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def data_file(path: Path, form: FileForm, names: Mapping[str, str | None]) -> DataFile:
    """From the values of the options; a name that is left out keeps its default."""
    empty = [FLAGS[role] for role, name in names.items() if name == ""]
    if empty:
        raise DeskError(f"{empty[0]} is empty.", "Give the name of a column.")
    return DataFile(path, Columns(**{r: n for r, n in names.items() if n is not None}), form)
