"""A model of anybody's, from a folder or a Hub, and which kind it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers.utils.logging import disable_progress_bar

from corpus.articles import ScoredSpan
from corpus.errors import DeskError
from corpus.labelled.read import Kind
from training.encoder import download

if TYPE_CHECKING:
    from training.classification.predict import TopicPrediction

KINDS: tuple[Kind, ...] = ("topics", "entities")
# Files that only a topic model has: SetFit's, and its head.
TOPIC_FILES = ("config_setfit.json", "model_head.pkl")
ARCHITECTURES: dict[str, Kind] = {
    "ForTokenClassification": "entities",
    "ForSequenceClassification": "topics",
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to predict; ``labels`` are all it can say, in its order."""

    name: str
    folder: Path
    kind: Kind
    labels: tuple[str, ...]
    model: Any

    def topics_of(self, texts: Sequence[str]) -> "list[TopicPrediction]":
        """What a topic model says of each text."""
        # SetFit takes ten seconds to import, which entity models have no use for.
        from training.classification.predict import predict_topics

        return predict_topics(self.model, texts)

    def spans_of(self, texts: Sequence[str]) -> list[tuple[ScoredSpan, ...]]:
        """What an entity model finds in each text."""
        from training.entities.predict import predict_entities

        return predict_entities(self.model, texts)

    @property
    def several(self) -> bool:
        """Whether a text may have several topics."""
        return bool(getattr(self.model, "several", False))


def open_model(folder_or_repo: str) -> LoadedModel:
    """Load the model. Raises DeskError where there is none, or none of a kind known here."""
    folder = model_folder(folder_or_repo)
    kind = model_kind(folder)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    name = Path(folder_or_repo).resolve().name if folder == Path(folder_or_repo) else folder_or_repo
    try:
        return _load(name, folder, kind)
    except (OSError, ValueError, LookupError, RuntimeError, ImportError) as error:
        raise DeskError(
            f"Model {folder_or_repo!r} cannot be loaded: {error}",
            "Restore its files, or train it again: copydesk train.",
        ) from error


def _load(name: str, folder: Path, kind: Kind) -> LoadedModel:
    if kind == "topics":
        from training.classification.predict import load_topic_model

        topics = load_topic_model(str(folder))
        return LoadedModel(name, folder, kind, all_topics(topics), topics)
    from training.entities.predict import load_entity_model

    entities = load_entity_model(str(folder))
    return LoadedModel(name, folder, kind, tuple(entities.entity_types), entities)


def all_topics(model: Any) -> tuple[str, ...]:
    """Those a model can say, then those it was told of without an example."""
    told = getattr(getattr(model, "model", None), "labels", None) or ()
    return tuple(dict.fromkeys([*model.topics, *map(str, told)]))


@cache
def model_folder(folder_or_repo: str) -> Path:
    """The folder itself, or where the repository was downloaded to."""
    folder = Path(folder_or_repo)
    if folder.is_dir():
        return folder
    if folder.exists() or folder_or_repo.count("/") != 1 or folder_or_repo.startswith((".", "~")):
        raise DeskError(
            f"{folder_or_repo!r} is neither a folder nor a repo_id.",
            "Give the folder that copydesk train wrote, or the owner/name of a model on the Hub.",
        )
    found, tried = download(folder_or_repo)
    if found is None:
        raise DeskError(
            f"Model {folder_or_repo!r} is no folder here and cannot be downloaded "
            f"({'; '.join(tried)}).",
            "Check the name, HF_ENDPOINT and HF_TOKEN.",
        )
    return Path(found)


def model_kind(folder: Path) -> Kind:
    """topics or entities, by the manifest, else by the files that a model of this kind has."""
    said = _read(folder / "manifest.json").get("kind") or _read(folder / "training.json").get(
        "kind"
    )
    if said in KINDS:
        kind: Kind = said
        return kind
    if any((folder / name).is_file() for name in TOPIC_FILES):
        return "topics"
    config = _read(folder / "config.json")
    for architecture in config.get("architectures") or []:
        for ending, kind in ARCHITECTURES.items():
            if str(architecture).endswith(ending):
                return kind
    names = [str(name) for name in (config.get("id2label") or {}).values()]
    if any(name.startswith(("B-", "I-")) for name in names):
        return "entities"
    raise DeskError(
        f"{folder} holds no topic or entity model (it has neither {TOPIC_FILES[0]} nor a "
        "config.json of a sequence or token classifier).",
        "Give the folder that copydesk train wrote, or a model of one of these kinds.",
    )


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DeskError(f"{file} is not JSON: {error}", "Restore the model's files.") from error
    return found if isinstance(found, dict) else {}
