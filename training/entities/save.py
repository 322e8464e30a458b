"""A trained entity model as files that any version of transformers loads."""

import json
from pathlib import Path

from training.entities.predict import EntityModel

# What transformers 5 calls TokenizersBackend has this name in every version.
TOKENIZER_CLASS = "PreTrainedTokenizerFast"
NEW_TOKENIZER_CLASS = "TokenizersBackend"


def save(model: EntityModel, folder: Path) -> None:
    """Weights, configuration and tokenizer."""
    model.model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    if config.get("tokenizer_class") == NEW_TOKENIZER_CLASS:
        config["tokenizer_class"] = TOKENIZER_CLASS
        file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
