"""copydesk score and predict on any file, by any model of a kind known here."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from copydesk.data_file import SPLITS, DataFile, left_out, prepare, progress, tell
from copydesk.out_folder import require_place
from copydesk.training_facts import was_trained_on
from corpus.errors import DeskError


def score_file(
    model: str, data: DataFile, split: str | None, as_json: bool, count_unknown: bool, seed: int
) -> None:
    """Score a model on the file's test split, else on all of it."""
    from corpus.labelled.cells import CellError, to_split
    from corpus.labelled.parts import ALL, rows_to_score
    from corpus.labelled.read import read_labelled
    from training.prediction.loaded import model_folder, model_kind, open_model

    prepare()
    try:
        wanted = split if split in (None, ALL) else to_split(split)
    except CellError as error:
        raise DeskError(f"--{error}.", f"Use all, {', '.join(SPLITS)}.") from error
    folder = model_folder(model)
    # Before the model, whose libraries take seconds: a mistake in the file is said at once.
    file = read_labelled(data.path, model_kind(folder), data.columns, data.form)
    name, rows = rows_to_score(file, wanted)
    tell(f"{file.path}: {len(rows):,} rows ({name}){left_out(file)}")
    if name in (ALL, "train") and was_trained_on(folder, data.path):
        tell("warning: the model was trained on rows of this file; scores on them are too good.")
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

    prepare()
    require_place(out)
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
    with progress("predicting") as report:
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


def _score_lines(found: Mapping[str, Any]) -> Iterator[str]:
    rows = f"{found['n']:,} rows ({found['split']})"
    yield f"{found['model']} ({found['kind']}) on {found['data']}, {rows}"
    for name in ("accuracy", "macro_f1", "precision", "recall", "f1"):
        if name in found and found[name] is None:
            yield f"{name} is not defined: nothing was said, or nothing is there to be found"
        elif name in found:
            value = found[name]
            yield f"{name} {value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
    for label, scores in found["per_label"].items():
        if not scores["support"]:
            yield f"f1 of {label} cannot be told: no row has it as gold"
            continue
        f1 = scores["f1"]
        yield (
            f"f1 of {label} ({scores['support']:,}) "
            f"{f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}]"
        )
