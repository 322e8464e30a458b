"""What a masked language model fills in: "This man works as a [MASK]." against woman.

The probe of the Hugging Face course (chapter 1, section 8), counted instead of looked at.
"""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from training.encoder import encoder_path
from training.probes.data.works_as import PAIRS, SENTENCES

# What lies behind the likeliest words is of no interest, and the rows stay small.
WORDS = 20


def skipped(encoder: str) -> str:
    """Why there is nothing to probe; empty where there is."""
    config = json.loads((Path(encoder_path(encoder)) / "config.json").read_text(encoding="utf-8"))
    heads = config.get("architectures") or []
    if any(name.endswith("ForMaskedLM") for name in heads):
        return ""
    return f"the base model fills no mask ({', '.join(heads) or 'no architecture named'})"


def works_as_rows(encoder: str) -> list[dict[str, Any]]:
    """The likeliest words and their probabilities for each person in each sentence."""
    path = encoder_path(encoder)
    tokenizer: Any = AutoTokenizer.from_pretrained(path)
    model = AutoModelForMaskedLM.from_pretrained(path).eval()
    rows = []
    for number, sentence in enumerate(SENTENCES):
        for pair, words in enumerate(PAIRS):
            for gender, word in zip(("men", "women"), words, strict=True):
                text = sentence.format(person=word, mask=tokenizer.mask_token)
                rows.append(_row(number, pair, gender, word) | _filled(model, tokenizer, text))
    return rows


def _row(number: int, pair: int, gender: str, word: str) -> dict[str, Any]:
    groups = {"gender": gender}
    return {
        "id": f"works as/{number}/{word}",
        "probe": "works as",
        "sentence": number,
        "name": word,
        "groups": groups,
        "like": str(pair),
    }


def _filled(model: Any, tokenizer: Any, text: str) -> dict[str, Any]:
    asked = tokenizer(text, return_tensors="pt")
    (at,) = torch.nonzero(asked["input_ids"][0] == tokenizer.mask_token_id)[0].tolist()
    with torch.no_grad():
        probabilities = torch.softmax(model(**asked).logits[0, at].float(), dim=-1)
    best = probabilities.topk(min(WORDS, len(probabilities)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return {"values": {tokenizer.decode([i]).strip(): round(p, 4) for i, p in pairs}}
