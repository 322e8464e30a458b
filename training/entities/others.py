"""Token classifiers that other people trained, asked for the entity types of a desk."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.articles import ScoredSpan
from corpus.errors import DeskError
from training.entities.predict import (
    EntityModel,
    load_classifier,
    predict_entities,
    to_device,
)
from training.entities.schemes import to_iob

log = logging.getLogger(__name__)

KEY = "models.preannotation.entity_values"


@dataclass(frozen=True, slots=True)
class OtherModel:
    """``types`` maps the model's own types to the desk's; null and unknown ones are not in it.

    ``unknown`` are those of its types that nobody said anything about.
    """

    model: EntityModel
    types: Mapping[str, str]
    unknown: frozenset[str]


def load_other(
    folder: str, name: str, values: Mapping[str, str | None], types: Sequence[str]
) -> OtherModel:
    """Any token classifier: IOB1, IOB2, BIOES, BILOU, or tags that are bare types.

    A type of the model is the one that ``values`` says, or the desk's of the same name, whatever
    its case. Raises DeskError where they have none in common.
    """
    model, tokenizer = load_classifier(folder)
    if not tokenizer.is_fast:
        raise DeskError(
            f"The tokenizer of {name!r} gives no character offsets (it is not a fast one).",
            "Set models.preannotation.entities to a model with a tokenizer.json.",
        )
    tags = tuple(to_iob([model.config.id2label[i] for i in range(model.config.num_labels)]))
    own = tuple(dict.fromkeys(tag[2:] for tag in tags if tag[1:2] == "-"))
    same = {label.lower(): label for label in types}
    said = {label: values.get(label, same.get(label.lower())) for label in own}
    mapped = {label: found for label, found in said.items() if found is not None}
    if not mapped:
        raise DeskError(
            f"Model {name!r} has the tags {', '.join(own) or 'O'}, none of which is an entity type "
            f"of the desk ({', '.join(types)}) or mapped to one.",
            f"Say which is which: {KEY}: {{ {next(iter(own), 'TAG')}: {next(iter(types))} }}",
        )
    if not set(values) <= set(own):
        absent = ", ".join(sorted(set(values) - set(own)))
        log.warning("%s: %s has no tags %s", KEY, name, absent)
    unknown = frozenset(label for label in own if label not in mapped and label not in values)
    entities = EntityModel(to_device(model), tokenizer, own, tags, whole_words=True)
    return OtherModel(entities, mapped, unknown)


def other_entities(other: OtherModel, texts: Sequence[str]) -> list[tuple[ScoredSpan, ...]]:
    """Spans of each text with types of the desk; how many had tags nobody mapped is logged."""
    found = predict_entities(other.model, texts)
    lost = Counter(s.label for spans in found for s in spans if s.label in other.unknown)
    if lost:
        counts = ", ".join(f"{label} {n}" for label, n in sorted(lost.items()))
        log.warning("entities with tags that %s does not name left out: %s", KEY, counts)
    return [
        tuple(
            ScoredSpan(s.start, s.end, other.types[s.label], s.score)
            for s in spans
            if s.label in other.types
        )
        for spans in found
    ]
