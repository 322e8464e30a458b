"""Cards from manifests: front matter, our sections from a template, what people wrote before."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, UndefinedError

from corpus.errors import DeskError
from publishing import figures
from publishing.earlier_card import KEPT, NOTES_END, NOTES_START, kept_notes, ours
from publishing.earlier_metadata import merged_front_matter
from publishing.front_matter import (
    OWNED,
    base_metadata,
    dataset_metadata,
    model_metadata,
    tokenizer_metadata,
)
from publishing.manifest import (
    BaseManifest,
    DatasetManifest,
    Manifest,
    ModelManifest,
    TokenizerManifest,
)
from publishing.shards import WrittenConfig

TEMPLATES = Path(__file__).parent / "templates"
PLACEHOLDER = "[More Information Needed]"
UNFINISHED = re.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b")
_DEFINITION = re.compile(r"/(?:topics|entities)/[^/]*/definition|/labels/[^/#]*")
_logger = logging.getLogger(__name__)
SCORE_NAMES = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "macro_f1": "Macro-F1",
    "json_validity": "Valid JSON",
    "schema_validity": "Valid by the schema",
    "answer_f1": "F1 of all that answers say",
    "topic_accuracy": "Topic accuracy",
    "entity_f1": "Entity F1 (text and type)",
    "hallucinated": "Entities named that are not in the text",
    "named_nothing": "Articles with entities, answered with none",
    "perplexity": "Perplexity a token of the right answer",
}
# Of several topics an article.
SET_SCORE_NAMES = SCORE_NAMES | {
    "accuracy": "Articles with exactly the right topics",
    "f1": "F1 over all topics",
}
SCHEME_NAMES = {
    "boundaries": "Start and end right, whatever the type",
    "partial": "The same, and a half for any overlap",
    "type": "Any overlap with the right type",
}


def render_dataset_card(
    manifest: DatasetManifest,
    repo_id: str,
    configs: Sequence[WrittenConfig],
    previous: str | None = None,
) -> str:
    """The README of a data set; of the ``previous`` one it keeps what people wrote.

    Raises DeskError for a placeholder, a figure without a key of the manifest, and for metadata
    that the Hub's libraries cannot read back.
    """
    text = draft(manifest, repo_id)
    return _card(text, dataset_metadata(manifest, configs, repo_id), manifest, previous)


def render_model_card(manifest: ModelManifest, repo_id: str, previous: str | None = None) -> str:
    """The README of a model; as ``render_dataset_card``."""
    text = draft(manifest, repo_id)
    return _card(text, model_metadata(manifest, repo_id), manifest, previous)


def render_base_card(manifest: BaseManifest, repo_id: str, previous: str | None = None) -> str:
    """The README of an offline base model; as ``render_dataset_card``."""
    text = draft(manifest, repo_id)
    return _card(text, base_metadata(manifest, repo_id), manifest, previous)


def render_tokenizer_card(
    manifest: TokenizerManifest, repo_id: str, previous: str | None = None
) -> str:
    """The README of a tokenizer; as ``render_dataset_card``."""
    text = draft(manifest, repo_id)
    return _card(text, tokenizer_metadata(manifest), manifest, previous)


def card_figures(manifest: Manifest, repo_id: str) -> list[figures.Shown]:
    """Every value the card of this manifest shows, with its key, in the order of the page."""
    return figures.shown_figures(draft(manifest, repo_id))


def draft(manifest: Manifest, repo_id: str) -> str:
    """Our sections, each value between marks with its key."""
    template = _template(manifest)
    values: dict[str, Any] = figures.keyed(manifest.model_dump())
    names: dict[str, Any] = figures.keyed({"repo_id": repo_id, "owner": repo_id.split("/")[0]})
    score_names = SET_SCORE_NAMES if values.get("several_topics") else SCORE_NAMES
    names |= {"m": values, "score_names": score_names, "scheme_names": SCHEME_NAMES}
    names |= {"kind": manifest.kind}
    try:
        text = str(_environment().get_template(template).render(names))
    except UndefinedError as error:
        raise DeskError(
            f"Card of {repo_id}: {error.message}.", f"Add it to the manifest, or mend {template}."
        ) from error
    figures.require_keys(text)
    _refuse_placeholders(text, repo_id)
    # Parts that are left out leave blank lines behind.
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _card(text: str, metadata: Mapping[str, Any], manifest: Manifest, previous: str | None) -> str:
    front = merged_front_matter(dict(metadata), previous, OWNED)
    body = figures.without_marks(text)
    template = (TEMPLATES / _template(manifest)).read_text(encoding="utf-8")
    notes = kept_notes(previous, ours(template, body))
    if PLACEHOLDER in notes:
        _logger.warning("The card keeps %r: it stands in people's notes.", PLACEHOLDER)
    return f"---\n{front}---\n\n{body}\n\n{KEPT}\n\n{NOTES_START}\n{notes}\n{NOTES_END}\n"


def _template(manifest: Manifest) -> str:
    own = ("dataset", "base", "tokenizer")
    return f"{manifest.kind if manifest.kind in own else 'model'}_card.md"


def _refuse_placeholders(text: str, repo_id: str) -> None:
    """In the template, and as a value: a definition, a name, the guidelines."""
    found = UNFINISHED.search(figures.without_values(text))
    if found:
        raise DeskError(
            f"Card of {repo_id} holds the placeholder {found[0]!r}.", "Replace it in the template."
        )
    for shown in figures.shown_figures(text):
        # What articles say is theirs.
        if _is_placeholder(shown) and not shown.key.startswith("/errors/"):
            raise DeskError(
                f"Card of {repo_id} shows {shown.text!r} for {shown.key} of its manifest, which is "
                "a placeholder.",
                "Say it in the desk or in its guidelines.",
            )


def _is_placeholder(shown: figures.Shown) -> bool:
    bare = shown.text.removeprefix(">").strip()
    is_empty = not bare and _DEFINITION.fullmatch(shown.key) is not None
    return is_empty or PLACEHOLDER in bare or UNFINISHED.fullmatch(bare) is not None


def _finalize(value: Any) -> str:
    if isinstance(value, Undefined):
        # Raises UndefinedError with the name.
        str(value)
    shown: str = figures.marked(value)
    return shown


def template_environment(finalize: Callable[[Any], str], autoescape: bool = False) -> Environment:
    """Of everything rendered from ``templates``: what is missing is an error, never a blank."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=autoescape,
        finalize=finalize,
    )


def _environment() -> Environment:
    environment = template_environment(_finalize)
    environment.filters |= {
        "address": figures.address,
        "interval": figures.interval,
        "cell": figures.cell,
        "bibtex": figures.bibtex,
        "listed": figures.listed,
        "literal": figures.literal,
        "day": figures.day,
        "grouped": figures.grouped,
        "plain": figures.plain,
        "quoted": figures.quoted,
        "year": figures.year,
    }
    return environment
