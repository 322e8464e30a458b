"""How to load a repository, and how repositories hang together, for the side of a card."""

from typing import Any

from embedded.hub.card import texts
from embedded.hub.names import RepoId
from embedded.hub.routing import Call
from embedded.hub.summaries import summary

_LOADERS = {
    "setfit": ("from setfit import SetFitModel", "SetFitModel.from_pretrained"),
    "sentence-transformers": (
        "from sentence_transformers import (\n    SentenceTransformer)",
        "SentenceTransformer",
    ),
    "transformers": ("from transformers import pipeline", "pipeline"),
    "peft": (
        "from peft import (\n    AutoPeftModelForCausalLM)",
        "AutoPeftModelForCausalLM.from_pretrained",
    ),
}
# Of transformers as well, but no pipeline opens it.
_TOKENIZER = (
    "from transformers import (\n    AutoTokenizer)",
    "AutoTokenizer.from_pretrained",
)
_WORDS = {
    "license": "License",
    "language": "Language",
    "base_model": "Base model",
    "datasets": "Trained on",
    "pipeline_tag": "Task",
    "library_name": "Library",
    "size_categories": "Size",
}
# A word and its values, each with an address where it has one.
Fact = tuple[str, list[tuple[str, str | None]]]
_FILES = ("from huggingface_hub import (\n    snapshot_download)", "snapshot_download")


def snippet(repo_id: RepoId, metadata: dict[str, Any], git_tags: list[str]) -> str:
    """Python that loads the repository at its last tag."""
    library = str(metadata.get("library_name"))
    if repo_id.kind == "datasets":
        line, call = "from datasets import load_dataset", "load_dataset"
    elif library == "transformers" and "tokenizer" in texts(metadata.get("tags")):
        line, call = _TOKENIZER
    else:
        line, call = _LOADERS.get(library, _FILES)
    name = "model=" if call == "pipeline" else ""
    arguments = [f'{name}"{repo_id.full_name}"']
    if git_tags:
        arguments.append(f'revision="{git_tags[-1]}"')
    inside = ",\n".join(f"    {argument}" for argument in arguments)
    return f"{line}\n\n{call}(\n{inside},\n)"


def facts(call: Call, metadata: dict[str, Any]) -> list[Fact]:
    """What the card's metadata say; names of repositories that are served here have addresses."""
    found = []
    for key, word in _WORDS.items():
        kind = {"base_model": "models", "datasets": "datasets"}.get(key)
        values = [
            (text, _address(call, kind, text) if kind else None)
            for text in texts(metadata.get(key))
        ]
        if values:
            found.append((word, values))
    return found


def models_trained_on(call: Call, repo_id: RepoId) -> list[str]:
    """Models served here whose card names this data set."""
    store = call.hub.store
    return [
        model.full_name
        for model in store.repo_ids("models")
        if call.can_see(model) and f"dataset:{repo_id.full_name}" in summary(store, model)["tags"]
    ]


def _address(call: Call, kind: str, full_name: str) -> str | None:
    """Compared with what is there, so that a name from a card never becomes a path."""
    for repo_id in call.hub.store.repo_ids(kind):
        if repo_id.full_name == full_name and call.can_see(repo_id):
            return repo_id.url_path
    return None
