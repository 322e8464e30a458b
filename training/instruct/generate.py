"""Answers of a model, greedily: the same prompt always gets the same answer."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from corpus.instruct.pairs import Message, Pair
from training.instruct.halving import in_halves
from training.results import Progress

# Tokens of prompts in one batch, padding included.
TOKEN_BUDGET = 8192
LARGEST_BATCH = 32


def generate_answers(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[Pair],
    max_new_tokens: int,
    on_progress: Progress | None = None,
    keep: Callable[[], Any] | None = None,
) -> list[str]:
    """What the model writes to each prompt, in the order given; special tokens are left out.

    ``keep`` makes a logits processor for each batch. ``on_progress`` gets (answered, all).
    """
    prompts = [prompt_ids(pair, tokenizer) for pair in pairs]
    order = sorted(range(len(pairs)), key=lambda i: -len(prompts[i]))
    answers = [""] * len(pairs)
    was_training, done = model.training, 0
    model.eval()

    def write(batch: Sequence[int]) -> list[str]:
        processors = [keep()] if keep else None
        return _write(model, tokenizer, [prompts[i] for i in batch], max_new_tokens, processors)

    for batch in _batches(order, prompts):
        for i, answer in zip(batch, in_halves(batch, write), strict=True):
            answers[i] = answer
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(pairs))
    model.train(was_training)
    return answers


def prompt_ids(pair: Pair, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Tokens up to where the answer begins."""
    return chat_ids(pair.prompt(), tokenizer, add_generation_prompt=True)


def chat_ids(
    messages: list[Message], tokenizer: PreTrainedTokenizerBase, add_generation_prompt: bool = False
) -> list[int]:
    """Tokens of a chat, as the model's template writes it.

    Special tokens in a message's text count as such: ``lengths`` breaks up those of articles.
    """
    found: Any = tokenizer.apply_chat_template(
        messages,
        tokenize=True,
        return_dict=True,
        add_generation_prompt=add_generation_prompt,
    )
    return list(found["input_ids"])


def end_tokens(model: Any) -> set[int]:
    """Those at which a model stops writing."""
    said = model.generation_config.eos_token_id
    return {*(said if isinstance(said, list) else [said])}


def _batches(order: Sequence[int], prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Longest first, so that what does not fit into memory shows at once."""
    batches: list[list[int]] = []
    for i in order:
        last = batches[-1] if batches else []
        room = last and (len(last) + 1) * len(prompts[last[0]]) <= TOKEN_BUDGET
        if room and len(last) < LARGEST_BATCH:
            last.append(i)
        else:
            batches.append([i])
    return batches


@torch.inference_mode()
def _write(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[int]],
    max_new_tokens: int,
    processors: list[Any] | None,
) -> list[str]:
    longest = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    # On the left: every answer begins at the same place.
    ids = [[pad] * (longest - len(p)) + p for p in prompts]
    mask = [[0] * (longest - len(p)) + [1] * len(p) for p in prompts]
    device = model.device
    written = model.generate(
        input_ids=torch.tensor(ids, device=device),
        attention_mask=torch.tensor(mask, device=device),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=1,
        pad_token_id=pad,
        logits_processor=processors,
    )
    ends = end_tokens(model)
    answers = [
        # Not every token that ends a turn is marked as special, and left out by that.
        [*takewhile(lambda token: token not in ends, row)]
        for row in written[:, longest:].tolist()
    ]
    decoded: list[str] = tokenizer.batch_decode(answers, skip_special_tokens=True)
    return decoded
