"""copydesk train --data: a model of any labelled file; no desk, no Argilla, no Prefect."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.data_file import SPLITS, DataFile, left_out, prepare, progress, tell
from copydesk.out_folder import is_first_process, new_folder
from copydesk.training_facts import write_facts
from corpus.errors import DeskError

if TYPE_CHECKING:
    from corpus.labelled.parts import Parts
    from corpus.labelled.read import Kind, LabelledFile
    from corpus.tracking import Tracking
    from training.results import TrainedModel


# Labels that a warning names.
NAMED = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; ``settings`` are keys of models.topics or models.entities of a desk."""

    encoder: str = "offline"
    seed: int = 42
    labels: tuple[str, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    tracking: "Tracking" = "none"


def train_file(kind: "Kind", data: DataFile, recipe: Recipe, out: Path) -> None:
    """Train on the file into a new folder ``out``; says what was trained on which rows."""
    from copydesk.out_folder import require_free
    from corpus.labelled.parts import to_parts
    from corpus.labelled.read import read_labelled

    prepare()
    require_free(out)
    settings = _settings(kind, recipe.settings)
    file = read_labelled(data.path, kind, data.columns, data.form, recipe.labels)
    parts = to_parts(file, recipe.seed)
    rare = _rare(file, parts) if kind == "topics" else []
    for line in (*_account(file, parts, recipe.seed), *_untaught(file, parts), *rare):
        tell(line)
    _check_repeats(file, parts, recipe.strict)
    with new_folder(out) as folder, progress(f"training {kind}") as report:
        # Beside the model and by its name, where the same command after a kill goes on from.
        checkpoints = out.absolute().with_name(f".{out.name}.checkpoints")
        trained = _fit(file, parts, settings, recipe, (folder, report, checkpoints))
        facts = asdict(trained) | {"labels": file.labels, "encoder": _encoder_name(recipe.encoder)}
        facts |= {"rows": {s: parts.count(s) for s in SPLITS}}
        del facts["folder"], facts["curve_png"]
        write_facts(folder, file.path, facts)
    if not is_first_process():
        return
    print(f"{out}: a model of {kind}, trained on {trained.examples:,} rows. {trained.diagnosis}")
    print(f"Labels: {', '.join(file.labels)}")


def _settings(kind: "Kind", given: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    from corpus.settings.models import EntityModelSettings, TopicModelSettings

    form = TopicModelSettings if kind == "topics" else EntityModelSettings
    known = ", ".join(form.model_fields)
    try:
        return form.model_validate(_nested(kind, given))
    except ValidationError as error:
        said = "; ".join(_wrong(e) for e in error.errors())
        raise DeskError(
            f"Settings of a model of {kind}: {said}.",
            f"Correct --set or --method; keys are {known} (docs/desk.md).",
        ) from error


def _wrong(error: Mapping[str, Any]) -> str:
    key = ".".join(map(str, error["loc"]))
    return f"{key} is no key" if error["type"] == "extra_forbidden" else f"{key}: {error['msg']}"


def _nested(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``fine_tune.epochs`` → ``{"fine_tune": {"epochs": …}}``, as a desk writes it."""
    found: dict[str, Any] = {}
    paths = {tuple(k.removeprefix(f"models.{kind}.").split(".")): v for k, v in given.items()}
    # Values of outer keys first, so that one inside of them is seen to have no place.
    for (*outer, last), value in sorted(paths.items(), key=lambda pair: len(pair[0])):
        place = found
        for name in outer:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise DeskError(
                    f"--set {'.'.join(outer)}.{last}: {name} is one value and has no {last}.",
                    "Leave out one of the two.",
                )
        place[last] = value
    return found


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

        return train_topics(file_topics(file, parts), *how, tracking=recipe.tracking)
    from training.entities.train import train_entities

    return train_entities(file_entities(file, parts), *how, tracking=recipe.tracking)


def _encoder_name(encoder: str) -> str:
    from training.encoder import base_model_name

    return base_model_name(encoder)


def _account(file: "LabelledFile", parts: "Parts", seed: int) -> list[str]:
    counts = ", ".join(f"{parts.count(s):,} {s}" for s in SPLITS if parts.count(s))
    lines = [f"{file.path}: {len(file.rows):,} rows: {counts}{left_out(file)}"]
    if parts.kept_back:
        lines.append(
            f"Every tenth training row, drawn by seed {seed} evenly over the labels, is kept back "
            "to validate (best epoch, calibration); the file has no validation split."
        )
    return lines


def _untaught(file: "LabelledFile", parts: "Parts") -> list[str]:
    """A warning for labels that no training row has: a model never says them."""
    train = [row for row in file.rows if parts.splits[row.number] == "train"]
    taught = set[str]().union(*(row.labels() for row in train))
    named = set(file.labels).union(*(row.labels() for row in file.rows))
    missing = sorted(named - taught)
    if not missing:
        return []
    return [f"warning: no training row has {_some(missing)}; the model will never say so."]


def _rare(file: "LabelledFile", parts: "Parts") -> list[str]:
    """A warning for topics that a single training row teaches."""
    train = [row for row in file.rows if parts.splits[row.number] == "train"]
    counts = Counter(topic for row in train for topic in row.topics)
    once = sorted(topic for topic, count in counts.items() if count == 1)
    return [f"warning: only one training row has {_some(once)}."] if once else []


def _some(names: Sequence[str]) -> str:
    """A list for people, cut after NAMED."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _check_repeats(file: "LabelledFile", parts: "Parts", strict: bool) -> None:
    """Texts that are trained on and stand in test make its scores too good."""
    from corpus.labelled.parts import find_repeats

    found = find_repeats(file, parts)
    if found.near is None:
        tell("Too many texts to compare for near-duplicates; only equal ones are counted.")
    if not found.first:
        return
    counts = {"the same": found.exact, "nearly the same": found.near or 0}
    said = (
        "Training texts stand in the test split as well: "
        + ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        + f" (row {found.first[0]} and row {found.first[1]}). Scores on it will be too good"
    )
    if strict:
        raise DeskError(f"{said}.", f"Remove them from {file.path}, or leave out --strict.")
    tell(f"warning: {said}. --strict refuses to train then.")
