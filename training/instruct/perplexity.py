"""How surprised a model is by the right answers; its exponent a token is the perplexity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase

from corpus.instruct.pairs import Pair
from training.instruct.generate import chat_ids, prompt_ids

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
    for at in range(0, len(order), BATCH):
        batch = order[at : at + BATCH]
        ids, mask, labels = _padded([encoded[i] for i in batch], tokenizer.pad_token_id)
        device = model.device
        logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        said, right = logits[:, :-1].float(), labels[:, 1:].to(device)
        nats = cross_entropy(said.transpose(1, 2), right, reduction="none", ignore_index=IGNORED)
        for i, row, kept in zip(batch, nats, right != IGNORED, strict=True):
            found[i] = Surprise(float(row.sum()), int(kept.sum()))
    model.train(was_training)
    return [found[i] for i in range(len(pairs))]


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
