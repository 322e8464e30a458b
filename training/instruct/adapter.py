"""A LoRA adapter on its base model, checked that they belong together."""

import json
from pathlib import Path
from typing import Any

from peft import PeftModel

from corpus.errors import DeskError
from training.instruct.base import Base

CONFIG = "adapter_config.json"
ANEW = "Get the adapter anew: its folder from the Hub, or copydesk train sft."


def load_adapter(folder: Path, base: Base, trainable: bool = False) -> Any:
    """The base model with the adapter of this folder; DeskError where it belongs to another."""
    named = adapter_base(folder)
    if named != base.name:
        raise DeskError(
            f"The adapter in {folder} was trained on {named!r}, not on {base.name!r}.",
            f"Set models.instructions.base={named}, or train anew: copydesk train sft.",
        )
    try:
        model = PeftModel.from_pretrained(base.model, str(folder), is_trainable=trainable)
    # peft names every matrix whose size is another; nobody reads a thousand of them.
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        raise DeskError(
            f"The adapter in {folder} does not fit the weights of {base.name!r} as they are now: "
            f"{first} …",
            "Train anew: copydesk train sft. A base model must stay as it was published.",
        ) from error
    # Under its public name, peft would ask a Hub for it whenever a checkpoint is saved.
    model.peft_config["default"].base_model_name_or_path = base.model.name_or_path
    return model.eval()


def save_adapter(model: Any, base: Base, folder: Path) -> None:
    """The adapter alone, with the name of its base, the tokenizer with its chat template, and
    where answers end, which the base's own files may not say.
    """
    model.peft_config["default"].base_model_name_or_path = base.name
    # Left to itself peft asks a Hub whether the vocabulary grew; it never does here.
    model.save_pretrained(str(folder), selected_adapters=["default"], save_embedding_layers=False)
    base.tokenizer.save_pretrained(str(folder))
    base.model.generation_config.save_pretrained(str(folder))
    _sort_targets(folder / CONFIG)
    # peft's own page would say nothing that our card does not.
    (folder / "README.md").unlink(missing_ok=True)


def _sort_targets(file: Path) -> None:
    """peft writes a set, in another order each time; the same training is the same files."""
    config = json.loads(file.read_text(encoding="utf-8"))
    config["target_modules"] = sorted(config["target_modules"])
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def adapter_base(folder: Path) -> str:
    """What the adapter calls its base model; DeskError where there is no adapter, or none of it
    can be read.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise DeskError(f"{folder} holds no adapter: {CONFIG} is missing.", "Give another folder.")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    # Of json, or of text that is no UTF-8; a file of brackets without end.
    except (ValueError, RecursionError) as error:
        raise DeskError(f"{file} is no JSON ({error}).", ANEW) from error
    named = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    if not isinstance(named, str) or not named:
        raise DeskError(f"{file} names no base model (base_model_name_or_path).", ANEW)
    return named
