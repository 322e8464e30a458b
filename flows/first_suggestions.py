"""Who suggests entities before an entity model of the desk is published."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.articles import ScoredSpan
from corpus.desk import Desk
from corpus.gazetteer import reviewed_gazetteer
from corpus.review_state import open_ledger, resolve_ledger
from training.entities.others import load_other, other_entities
from training.entities.prompted import CONFIG, load_gliner, prompted_entities
from training.prediction.loaded import model_folder

log = logging.getLogger("flows.first_suggestions")

GAZETTEER, NOBODY = "gazetteer", "none"
Find = Callable[[Sequence[str]], list[tuple[ScoredSpan, ...]]]


@dataclass(frozen=True, slots=True)
class EntitySuggester:
    """The name its suggestions get, and what finds the spans of each text."""

    agent: str
    find: Find


def first_suggester(desk: Desk) -> EntitySuggester | None:
    """As models.preannotation.entities says; None where nobody knows anything."""
    named = desk.models.preannotation.entities
    if named == NOBODY:
        return None
    return _names_of_the_gold(desk) if named == GAZETTEER else _other_model(desk, named)


def _names_of_the_gold(desk: Desk) -> EntitySuggester | None:
    found = reviewed_gazetteer(resolve_ledger(desk, open_ledger(desk)).gold.reviewed)
    if not found.names:
        log.info("no entities are suggested: no name is reviewed yet")
        return None
    log.info("%d reviewed names suggest entities", len(found.names))
    return EntitySuggester(
        f"gazetteer:{found.digest}", lambda texts: [found.spans_of(text) for text in texts]
    )


def _other_model(desk: Desk, named: str) -> EntitySuggester:
    folder = model_folder(named)
    agent, types = _agent(named, folder), desk.labels.entities
    if (folder / CONFIG).is_file():
        gliner = load_gliner(str(folder))
        return EntitySuggester(agent, lambda texts: prompted_entities(gliner, texts, types))
    values = desk.models.preannotation.entity_values
    other = load_other(str(folder), named, values, list(types))
    return EntitySuggester(agent, lambda texts: other_entities(other, texts))


def _agent(named: str, folder: Path) -> str:
    """``repo_id:revision``; of a folder its last part, with a hash of its files as revision."""
    if not Path(named).is_dir():
        # Where huggingface_hub puts a commit's files.
        return f"{named}:{folder.name[:12]}"
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.iterdir() if file.is_file()):
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"folder:{folder.resolve().name}:{digest.hexdigest()[:12]}"
