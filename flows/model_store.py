"""Where trained models wait to be scored and published: one folder for each training key.

The key is a hash of all that decides the result (examples, settings, encoder, seed), so a
training that was done is found again (``train_once``).
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from corpus.articles import ReviewedArticle, gold_topics
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.answers import SCHEMA_VERSION, answer_labels, to_json
from corpus.instruct.pairs import kind_of
from corpus.instruct.phrasings import PHRASINGS, system_prompt
from corpus.review_state import copydesk_home, desk_questions
from corpus.settings.instructions import DECODING
from training.encoder import OFFLINE

Kind = Literal["topics", "entities", "instructions"]
# What copydesk train calls them.
COMMANDS: dict[Kind, str] = {"topics": "topics", "entities": "entities", "instructions": "sft"}
UNFINISHED = ".unfinished"
# In the folder of a GRPO adapter: the key of the SFT adapter that is kept instead.
KEPT = "kept.json"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A trained model on disk: its files in ``folder``/model, and what is known about it."""

    folder: Path
    key: str
    reused: bool
    training: dict[str, Any]

    @property
    def model(self) -> Path:
        """The files that are published and loaded."""
        return self.folder / "model"

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file beside the model, for example scores.json; empty if it is not there."""
        file = self.folder / name
        if not file.exists():
            return {}
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def predictions(self, on: str) -> Path:
        """Where scoring on "test" or "benchmark" keeps what the model said."""
        return self.folder / "evaluation" / f"{on}.jsonl"

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file beside the model in one step."""
        unfinished = self.folder / f".{name}.{os.getpid()}"
        unfinished.write_text(json.dumps(content, indent=2), encoding="utf-8")
        unfinished.replace(self.folder / name)


def desk_kinds(desk: Desk) -> list[Kind]:
    """The kinds of models that a desk trains in every round."""
    labels: list[tuple[Kind, dict[str, str]]] = [
        ("topics", desk.labels.topics),
        ("entities", desk.labels.entities),
    ]
    return [kind for kind, names in labels if names]


def desk_labels(desk: Desk, kind: Kind) -> list[str]:
    """What this kind of model tells apart, in schema order."""
    if kind == "instructions":
        return answer_labels(desk_questions(desk))
    return list(desk.labels.topics if kind == "topics" else desk.labels.entities)


def desk_repo(desk: Desk, kind: Kind) -> str:
    """Where models of this kind are published; empty where the desk names no repository."""
    named = {
        "topics": desk.publish.topic_model,
        "entities": desk.publish.entity_model,
        "instructions": desk.publish.instruction_model,
    }
    return named[kind] or ""


def decoding_of(stored: StoredModel) -> dict[str, Any]:
    """How an instruction model was asked when it was scored; before that, as its training was."""
    used = stored.training["settings"]
    return stored.read("scores.json").get("decoding") or {name: used.get(name) for name in DECODING}


def training_key(desk: Desk, gold: Gold, kind: Kind) -> str:
    """A hash of everything that decides what training gives."""
    if kind == "instructions":
        settings, start = desk.models.instructions.decisive(), desk.models.instructions.base
    else:
        settings, start = getattr(desk.models, kind).model_dump(), desk.models.encoder
    parts = [
        [example_key(r, kind) for r in gold.reviewed if r.split != "test"],
        settings,
        desk_labels(desk, kind),
        [start, desk.models.seed, kind],
    ]
    if kind == "instructions":
        parts += _of_chats(desk, gold)
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]


def _of_chats(desk: Desk, gold: Gold) -> list[Any]:
    """What besides decides an instruction model: what is left out here changes no key."""
    questions, base = desk_questions(desk), desk.publish.instruction_base
    # The words of its chats; its card shows those of the code that publishes it.
    parts: list[Any] = [
        [system_prompt(questions), PHRASINGS[kind_of(questions)], SCHEMA_VERSION],
    ]
    if desk.models.instructions.base == OFFLINE and base:
        # Another offline base than that of …-base.
        parts.append(base)
    if gold.corrected:
        parts.append([[c.article.id, c.split, to_json(c.answer)] for c in gold.corrected])
    return parts


def example_key(reviewed: ReviewedArticle, kind: Kind) -> list[Any]:
    """What of a reviewed article matters to a model of this kind."""
    spans = None if reviewed.spans is None else [list(parts) for parts in _spans(reviewed)]
    topics = gold_topics(reviewed)
    of_kind: dict[Kind, Any] = {"topics": topics, "entities": spans}
    gold = of_kind.get(kind, [topics, spans])
    return [reviewed.article.id, reviewed.split, gold]


def stored_model(desk: Desk, gold: Gold, kind: Kind) -> StoredModel | None:
    """The model of exactly this gold and these settings, or None; where GRPO made its SFT model no
    better, that one.
    """
    found = trained_model(kind_folder(desk, kind) / training_key(desk, gold, kind))
    return found and kept_model(found)


def trained_model(folder: Path) -> StoredModel | None:
    """What lies in this folder, None where no training ended."""
    if not (folder / "training.json").exists():
        return None
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    return StoredModel(folder, folder.name, reused=True, training=training)


def kept_model(stored: StoredModel) -> StoredModel:
    """This one, or the SFT model that is kept instead of it."""
    kept = stored.read(KEPT).get("key")
    return (trained_model(stored.folder.with_name(kept)) if kept else None) or stored


def require_model(desk: Desk, gold: Gold, kind: Kind) -> StoredModel:
    """The stored model; DeskError where it was not trained on what is reviewed now."""
    stored = stored_model(desk, gold, kind)
    if stored is None:
        raise DeskError(
            f"No {kind} model of desk {desk.name!r} is trained on the reviewed articles and "
            f"with the settings as they are now (key {training_key(desk, gold, kind)}).",
            f"Run copydesk train {COMMANDS[kind]}.",
        )
    return stored


def kind_folder(desk: Desk, kind: Kind) -> Path:
    """Where the models of this kind lie, a folder each."""
    return Path(copydesk_home()) / "models" / desk.name / kind


def _spans(reviewed: ReviewedArticle) -> list[tuple[int, int, str]]:
    return [(s.start, s.end, s.label) for s in reviewed.spans or ()]
