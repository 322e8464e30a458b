"""How surprised a model is by the right answers; its exponent a token is the perplexity."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase

from corpus.instruct.pairs import Pair
from training.instruct.generate import chat_ids, prompt_ids
from training.instruct.halving import in_halves

BATCH = 8
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Surprise:
    """Of one right answer: the sum of its tokens' cross-entropies in nats, and their number."""

    nats: float
    tokens: int


@torch.inference_mode()
def surprises(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[Pair],
    context: int | None = None,
) -> list[Surprise]:
    """Of each pair's answer after its prompt, in the order given.

    Of an answer that reaches beyond ``context`` tokens only those within it count.
    """
    was_training = model.training
    model.eval()
    chats = [_encode(pair, tokenizer) for pair in pairs]
    encoded = [(ids[:context], prompt) for ids, prompt in chats]
    order = sorted(range(len(pairs)), key=lambda i: len(encoded[i][0]))
    found: dict[int, Surprise] = {}

    def read(batch: Sequence[int]) -> list[torch.Tensor]:
        return _nats(model, *_padded([encoded[i] for i in batch], tokenizer.pad_token_id))

    for at in range(0, len(order), BATCH):
        batch = order[at : at + BATCH]
        for i, nats in zip(batch, in_halves(batch, read), strict=True):
            found[i] = Surprise(float(nats.sum()), len(nats))
    model.train(was_training)
    return [found[i] for i in range(len(pairs))]


def _nats(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> list[torch.Tensor]:
    """Cross-entropies of each chat's labels; scores are made where some chat's answer stands."""
    right = labels[:, 1:]
    places = (right != IGNORED).any(dim=0).nonzero().flatten().to(model.device)
    options = {"logits_to_keep": places} if _scores_places(model) else {}
    inputs = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    logits = model(**inputs, **options).logits
    if not options:
        logits = logits[:, places]
    right = right.to(logits.device)[:, places.to(logits.device)]
    return [
        cross_entropy(said[row != IGNORED].float(), row[row != IGNORED], reduction="none")
        for said, row in zip(logits, right, strict=True)
    ]


def _scores_places(model: Any) -> bool:
    """Whether a model can be told where scores are wanted; a few old architectures cannot."""
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters


def _encode(pair: Pair, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int]:
    """Tokens of the whole chat, and how many of them are the prompt's."""
    return chat_ids(pair.messages(), tokenizer), len(prompt_ids(pair, tokenizer))


def _padded(
    encoded: Sequence[tuple[list[int], int]], pad: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    longest = max(len(ids) for ids, _ in encoded)
    rows = [(ids, prompt, longest - len(ids)) for ids, prompt in encoded]
    ids = [ids + [pad] * room for ids, _, room in rows]
    mask = [[1] * len(ids) + [0] * room for ids, _, room in rows]
    labels = [[IGNORED] * prompt + ids[prompt:] + [IGNORED] * room for ids, prompt, room in rows]
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(labels)
