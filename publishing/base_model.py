"""The repository of the offline base model: written once, then left as it is."""

import json
import math
import shutil
from pathlib import Path

from huggingface_hub import HfApi
from safetensors import safe_open

from corpus.desk import Desk
from publishing.hub import Published, publish_folder
from publishing.manifest import CARD, FILE, BaseManifest, file_hashes, to_json
from publishing.plan import Complete
from publishing.provenance import license_of, provenance
from publishing.remote import Previous, Target
from publishing.render import render_base_card

WEIGHTS = "model.safetensors"


def publish_base_model(
    api: HfApi, desk: Desk, model: Path, repo_id: str, made_from: tuple[str, str], folder: Path
) -> Published:
    """One commit with the files of ``model``; ``made_from`` is a model's name and its licence."""
    shutil.copytree(model, folder, dirs_exist_ok=True)
    manifest = describe_base(desk, folder, made_from)
    return publish_folder(
        api,
        Target(repo_id, "model", desk.publish.private),
        folder,
        _complete(manifest, repo_id),
        f"base model of {desk.name}",
    )


def describe_base(desk: Desk, folder: Path, made_from: tuple[str, str]) -> BaseManifest:
    """Read from its own files."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return BaseManifest(
        pretty_name=desk.publish.pretty_name,
        license=license_of(desk),
        language=desk.publish.language,
        provenance=provenance(desk),
        made_from=made_from[0],
        made_from_license=made_from[1],
        dataset=desk.publish.dataset,
        adapter=desk.publish.instruction_model or "",
        parameters=_parameters(folder / WEIGHTS),
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        files=file_hashes(folder),
    )


def _parameters(weights: Path) -> int:
    with safe_open(weights, framework="numpy") as opened:
        shapes = [opened.get_slice(name).get_shape() for name in opened.keys()]  # noqa: SIM118
    return sum(math.prod(shape) for shape in shapes)


def _complete(manifest: BaseManifest, repo_id: str) -> Complete:
    def complete(previous: Previous) -> dict[str, str]:
        card = render_base_card(manifest, repo_id, previous.card)
        return {FILE: to_json(manifest), CARD: card}

    return complete
