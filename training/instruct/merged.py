"""An adapter and its base as one model, for whoever serves models without peft."""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from corpus.errors import DeskError
from training.encoder import download
from training.instruct.adapter import ANEW, CONFIG, adapter_base, load_adapter
from training.instruct.base import Base, load_base

FACTS = "merged.json"
CARD = "README.md"
REPO_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja",
)  # fmt: skip
OTHERS = {FACTS, CARD, "config.json", "generation_config.json", *TOKENIZER_FILES}
WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")
ADAPTER_FILES = ["adapter_*", "manifest.json", *TOKENIZER_FILES]


@dataclass(frozen=True, slots=True)
class Merged:
    """What was merged; ``base_weights`` is a hash of the base's weights.

    Revisions are the commits that were downloaded, empty for a folder.
    """

    adapter: str
    adapter_revision: str
    base: str
    base_revision: str
    base_weights: str
    parameters: int
    precision: str


def adapter_folder(folder_or_repo: str) -> Path:
    """The folder with the adapter, downloaded if it is on a Hub; DeskError where there is none."""
    folder = Path(folder_or_repo)
    if not folder.is_dir():
        found, tried = download(folder_or_repo, only=ADAPTER_FILES)
        if found is None:
            raise DeskError(
                f"Adapter {folder_or_repo!r} is no folder here and cannot be downloaded "
                f"({'; '.join(tried)}).",
                "Give a folder with an adapter, or its owner/name on the Hub.",
            )
        folder = Path(found)
    if not (folder / CONFIG).is_file():
        raise DeskError(
            f"{folder_or_repo!r} holds no adapter: {CONFIG} is missing.",
            "Give a folder that copydesk train sft or peft wrote, or its owner/name on the Hub.",
        )
    return folder


def open_base_of(adapter: Path, given: str | None = None) -> Base:
    """The base that the adapter names, or the same one from ``given``, a folder or ``repo_id``.

    Raises DeskError where it is not there, or has other weights than the adapter was trained on,
    as far as the adapter says which these were.
    """
    name = adapter_base(adapter)
    try:
        base = load_base(given or name, name, exact=True)
    except DeskError as error:
        raise DeskError(
            f"The base model of the adapter cannot be opened: {error.problem}",
            "Give the folder or repo_id where it is: copydesk merge ADAPTER --out DIR --base PLACE",
        ) from error
    require_weights(trained_on(adapter), base)
    return base


def require_weights(wanted: str | None, base: Base) -> None:
    """DeskError where the base is not the one that was trained on; None: nobody knows."""
    if wanted is not None and wanted != base.weights:
        raise DeskError(
            f"The adapter was trained on {base.name!r} with weights {wanted}, and these are "
            f"{base.weights}.",
            "Give the base as it was then with --base, or train anew: copydesk train sft.",
        )


def trained_on(adapter: Path) -> str | None:
    """The hash of the base's weights, from the published manifest, else the stored training."""
    published = _part(_read(adapter / "manifest.json"), "training")
    # Given as ".", it is its own parent.
    stored = _read(adapter.resolve().parent / "training.json")
    for training in (published, stored):
        found = _part(training, "settings").get("base_weights")
        if found is not None:
            return str(found)
    return None


def write_merged(adapter: Path, name: str, base: Base, out: Path) -> Merged:
    """The merged model with the adapter's tokenizer, in the precision in which the base lies.

    Only a base that was loaded ``exact`` is rounded once, after the adapter is added.
    """
    precision = AutoConfig.from_pretrained(base.model.name_or_path).dtype
    merged: Any = load_adapter(adapter, base).merge_and_unload()
    if precision is not None:
        merged = merged.to(precision)
    merged.save_pretrained(str(out))
    base.tokenizer.save_pretrained(str(out))
    # An adapter of others may bring a chat template of its own.
    for file in (adapter / found for found in TOKENIZER_FILES):
        if file.is_file():
            shutil.copyfile(file, out / file.name)
    return Merged(
        adapter=name,
        adapter_revision=_revision(adapter),
        base=public_name(base.name),
        base_revision=_revision(Path(base.model.name_or_path)),
        base_weights=base.weights,
        parameters=merged.num_parameters(),
        precision=str(merged.dtype).removeprefix("torch."),
    )


def write_card(merged: Merged, card: str, out: Path) -> None:
    """The card, and the facts it was written from; a hash tells whether people changed it since."""
    (out / CARD).write_text(card, encoding="utf-8")
    facts = asdict(merged) | {"card": hashlib.sha256(card.encode()).hexdigest()}
    (out / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def published_prompt(adapter: Path) -> tuple[str, str] | None:
    """System message and instruction that a published adapter of ours was trained with."""
    prompt = _part(_read(adapter / "manifest.json"), "prompt")
    system, instructions = prompt.get("system"), prompt.get("instructions")
    return (str(system), str(instructions[0])) if system and instructions else None


def _revision(folder: Path) -> str:
    """As the Hub's client keeps downloads."""
    return folder.name if folder.parent.name == "snapshots" else ""


def public_name(model: str) -> str:
    """A ``repo_id`` as it is; of a folder its last part: the rest is nobody's business."""
    if Path(model).is_dir():
        return Path(model).resolve().name
    if REPO_ID.fullmatch(model):
        return model
    # A folder that is elsewhere: an adapter may come from another machine.
    return re.split(r"[/\\]", model.rstrip("/\\"))[-1]


def is_merged(folder: Path) -> bool:
    """Whether nothing but a model that was merged here lies there: it may be replaced.

    Not where people wrote into its card.
    """
    names = {file.name for file in folder.iterdir()}
    weights = {file.name for form in WEIGHTS for file in folder.glob(form)}
    if FACTS not in names or not names <= OTHERS | weights:
        return False
    return CARD not in names or _digest(folder / CARD) == _object(_read(folder / FACTS)).get("card")


def _read(file: Path) -> Any:
    """What the file says; None where there is none, DeskError where it is no JSON."""
    if not file.is_file():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    # Of json, or of text that is no UTF-8.
    except ValueError as error:
        raise DeskError(
            f"{file} is no JSON ({error}), so nobody knows which weights the adapter fits.",
            ANEW,
        ) from error


def _part(whole: Any, key: str) -> dict[str, Any]:
    """An object within another; empty where either is missing or something else."""
    return _object(_object(whole).get(key))


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
