"""Entity models: an encoder with a token classification head, trained by transformers."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from transformers import set_seed

from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings
from corpus.tracking import Tracking
from training.checkpoints import training_key
from training.curves import diagnose, draw_curve
from training.entities.cased import bake_embeddings
from training.entities.encode import Encoded, encode
from training.entities.fit import Run, fit, is_main_process
from training.entities.frozen.fit import fit_head
from training.entities.frozen.new_tagger import new_tagger
from training.entities.learning_curve import LOSS_NAME, SCORE_NAME, SCORED_EXAMPLES, Validation
from training.entities.new_model import new_model
from training.entities.predict import EntityModel
from training.entities.save import save
from training.examples import EntityExample
from training.results import Progress, Stopwatch, TrainedModel
from training.tracking import report_to

log = logging.getLogger(__name__)
# Examples that a warning names.
NAMED = 5

# Of the training of an encoder, which the method frozen leaves as it is.
ENCODER_SETTINGS = {
    "epochs",
    "early_stopping_epochs",
    "accumulation_steps",
    "learning_rate",
    "layer_decay",
}


def train_entities(
    examples: Sequence[EntityExample],
    entity_types: Sequence[str],
    settings: EntityModelSettings,
    encoder: str,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
    checkpoints: Path | None = None,
    tracking: Tracking = "none",
) -> TrainedModel:
    """Train on the examples of split train; ``pipeline("token-classification")`` loads the result.

    Examples of split validation choose the best epoch. ``checkpoints`` (beside ``output_dir`` if
    left out) is where a training that was killed goes on; it is removed at the end.
    ``on_progress`` gets (step, steps in total). Raises DeskError where no training example has a
    span, or one has an entity type that is not among ``entity_types``.
    """
    watch = Stopwatch()
    checkpoints = checkpoints or output_dir.with_name(f"{output_dir.name}.checkpoints")
    train, validation = of_split(examples, "train"), of_split(examples, "validation")
    _require_spans(train, entity_types)
    # A missing package is said before minutes of training.
    report_to(tracking)
    set_seed(seed)
    frozen = settings.method == "frozen"
    model = (new_tagger if frozen else new_model)(encoder, entity_types, settings)
    encoded = _encode(model, train, settings)
    _log_repairs(encoded, train)
    held = _validation(model, validation, settings)
    if frozen:
        curve = fit_head(model, encoded, held, settings, seed, on_progress)
    else:
        key = _key([*train, *validation], entity_types, settings, encoder, seed)
        curve = fit(
            model, encoded, held, settings, seed, Run(checkpoints, key, on_progress, tracking)
        )
        bake_embeddings(model.model, model.tokenizer.pad_token_id)
    png = output_dir / "learning_curve.png"
    diagnosis = diagnose(curve, len(train))
    if is_main_process():
        save(model, output_dir)
        score_name = f"{SCORE_NAME} ({len(held.examples)} articles)"
        title = f"Entity model, {len(train)} examples"
        draw_curve(curve, title, LOSS_NAME, score_name, png, diagnosis)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return TrainedModel(
        folder=output_dir,
        kind="entities",
        curve=curve,
        curve_png=png,
        diagnosis=diagnosis,
        examples=len(train),
        seconds=watch.seconds(),
        cpu_seconds=watch.cpu_seconds(),
        seed=seed,
        settings=_used(settings, model)
        | {"spans_repaired": sum(encoded.repairs.values())}
        | dict(sorted(encoded.repairs.items())),
    )


def _used(settings: EntityModelSettings, model: EntityModel) -> dict[str, Any]:
    """The settings that decided something with this method."""
    found = settings.model_dump()
    if settings.method == "frozen":
        found = {key: value for key, value in found.items() if key not in ENCODER_SETTINGS}
        return found | {"head_layer": model.model.config.layer}
    return {key: value for key, value in found.items() if not key.startswith("head_")}


def of_split(examples: Sequence[EntityExample], split: str) -> list[EntityExample]:
    """The examples of one split, by id: in which order they arrive must not matter."""
    return sorted((e for e in examples if e.split == split), key=lambda e: (e.id, e.text))


def _require_spans(train: Sequence[EntityExample], entity_types: Sequence[str]) -> None:
    if not any(example.spans for example in train):
        raise DeskError(
            f"Training needs articles with spans; of {len(train)} in the train split none has one.",
            "Label more texts, or review more articles and run copydesk pull; then train again.",
        )
    unknown = sorted({s.label for e in train for s in e.spans} - set(entity_types))
    if unknown:
        raise DeskError(
            f"Training examples have spans of the entity types {unknown}, which are not among "
            f"{list(entity_types)}.",
            "Name them as labels.entities of the desk, or take these spans out.",
        )


def _key(
    examples: Sequence[EntityExample],
    entity_types: Sequence[str],
    settings: EntityModelSettings,
    encoder: str,
    seed: int,
) -> str:
    rows = [[e.text, e.split, [astuple(span) for span in e.spans]] for e in examples]
    return training_key([rows, list(entity_types), settings.model_dump(), encoder, seed])


def _validation(
    model: EntityModel, examples: Sequence[EntityExample], settings: EntityModelSettings
) -> Validation:
    scored = examples[:SCORED_EXAMPLES]
    return Validation(scored, _encode(model, scored, settings))


def _encode(
    model: EntityModel, examples: Sequence[EntityExample], settings: EntityModelSettings
) -> Encoded:
    if not examples:
        return Encoded.empty()
    known = set(model.entity_types)
    return encode(
        model.tokenizer,
        [example.text for example in examples],
        [[span for span in example.spans if span.label in known] for example in examples],
        model.entity_types,
        model.tokenizer.model_max_length,
        settings.stride_tokens,
    )


def _log_repairs(encoded: Encoded, examples: Sequence[EntityExample]) -> None:
    """Which examples they were, so that whoever labelled them can look."""
    for rule, count in sorted(encoded.repairs.items()):
        ids = [examples[i].id for i in encoded.repaired[rule]]
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        log.warning("training examples: %s: %d, in %s%s", rule, count, ", ".join(ids[:NAMED]), more)
