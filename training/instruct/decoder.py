"""The offline base model: no pre-trained causal language model is at hand, so one is made.

A Llama of three small layers. Its words are those of the desk, a byte-level BPE learned from the
chats; each starts with the mean vector of the pieces that MiniLM, the offline encoder, reads in it
(``words``). Its attention is written down where it can be (``layers``): copying from the article,
its gist, the names that were not said. Nothing is trained; an adapter learns what to do with it.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, set_seed

from training.instruct.generate import chat_ids
from training.instruct.heads import HEAD, HEADS, THETA, balance
from training.instruct.layers import Keys, write_first, write_second, write_third
from training.instruct.stream import COPIED, SHAPE, STREAM
from training.instruct.words import Chats, Parts, token_parts, token_texts
from training.results import Progress
from training.tokenizer.base import BYTES, base_tokenizer
from training.tokenizer.train import train_tokenizer

# Enough that most words of news are one token.
VOCABULARY = 8000
CONTEXT = 1024
FEED_FORWARD = 256
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
# {% generation %} marks what the assistant says, for those who mask by it.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}{{ eos_token }}"
    "{% endgeneration %}{% else %}{{ message.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# Of the head: a proposal to copy a word, its nearness to the gist, how it looks, and all else.
COPY_WEIGHT, GIST_WEIGHT, LOOKS_WEIGHT, OTHER_WEIGHT, SHARPNESS = 1.6, 0.7, 0.5, 0.5, 16.0
CAPITALISED = re.compile(r"\b(?=[^\W\d_a-z])\w+")
# Chats whose vectors tell how much RMSNorm magnifies, and what articles share.
MEASURED = 16


def make_decoder(
    chats: Chats, seed: int, folder: Path, on_progress: Progress | None = None
) -> None:
    """A decoder with the words of these chats, into ``folder``; they are read three times."""
    set_seed(seed)
    tokenizer = _tokenizer(chats, on_progress)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        parts = token_parts(tokenizer, chats, generator)
        model = _make(tokenizer, parts, chats, generator)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(chats: Chats, on_progress: Progress | None) -> PreTrainedTokenizerBase:
    found = train_tokenizer(_read(chats), base_tokenizer(BYTES), VOCABULARY, on_progress)
    found.add_special_tokens({"additional_special_tokens": list(ROLES)})
    found.chat_template = CHAT_TEMPLATE
    found.model_max_length = CONTEXT
    return found


def _read(chats: Chats) -> Iterator[str]:
    """What the tokenizer learns from: chats, and their capitalised words without a blank before.

    As a name begins in an answer. Were its pieces others than in the article, it could not be
    copied.
    """
    for pair in chats():
        yield from (message["content"] for message in pair.messages())
        yield " ".join(f'"{word}"' for word in CAPITALISED.findall(pair.text))


def _make(
    tokenizer: PreTrainedTokenizerBase,
    parts: Parts,
    chats: Chats,
    generator: torch.Generator,
) -> Any:
    model: Any = LlamaForCausalLM(_config(tokenizer))
    model.eval()
    _forget(model, generator)
    embeddings = model.model.embed_tokens.weight
    embeddings[:, STREAM.word], embeddings[:, STREAM.code] = parts.words, parts.codes
    embeddings[:, STREAM.shape] = SHAPE * parts.shapes
    some = [chat_ids(pair.messages(), tokenizer) for pair in islice(chats(), MEASURED)]
    layers = model.model.layers
    # From below: what a layer sees depends on those before it.
    write_first(layers[0].self_attn, _magnified(model, some, 0))
    user: Any = tokenizer.convert_tokens_to_ids(ROLES[1])
    of_user = _magnified(model, some, 1, user)
    write_second(layers[1].self_attn, _magnified(model, some, 1), of_user, parts.gist)
    _centre_gist(model, some)
    write_third(layers[2].self_attn, _magnified(model, some, 2), _keys(tokenizer, parts.codes))
    for layer in layers:
        balance(layer.self_attn)
    _write_head(model.lm_head.weight, parts)
    return model


def _config(tokenizer: PreTrainedTokenizerBase) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=STREAM.width,
        intermediate_size=FEED_FORWARD,
        num_hidden_layers=3,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        head_dim=HEAD,
        max_position_embeddings=CONTEXT,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
        attention_bias=True,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _forget(model: Any, generator: torch.Generator) -> None:
    """Layers read at random and add nothing: an adapter finds something to work with everywhere."""
    model.model.embed_tokens.weight.zero_()
    model.lm_head.weight.copy_(OTHER_WEIGHT * _random(model.lm_head.weight.shape, generator))
    for layer in model.model.layers:
        for part in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            part.weight.copy_(0.3 * _random(part.weight.shape, generator))
            part.bias.zero_()
        for part in (layer.mlp.gate_proj, layer.mlp.up_proj):
            part.weight.copy_(_random(part.weight.shape, generator))
        layer.self_attn.o_proj.weight.zero_()
        layer.self_attn.o_proj.bias.zero_()
        layer.mlp.down_proj.weight.zero_()


def _random(shape: Sequence[int], generator: torch.Generator) -> torch.Tensor:
    return torch.randn(*shape, generator=generator) / math.sqrt(shape[-1])


def _magnified(
    model: Any, chats: Sequence[list[int]], layer: int, token: int | None = None
) -> float:
    """How many times larger RMSNorm makes the stream before this layer, on average.

    Of all tokens, or of those that are ``token``.
    """
    lengths = []
    for ids in chats:
        seen = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        chosen = [i for i, one in enumerate(ids) if token in (None, one)]
        lengths.append(seen[layer][0, chosen].norm(dim=1))
    return float((math.sqrt(STREAM.width) / torch.cat(lengths)).mean())


def _centre_gist(model: Any, chats: Sequence[list[int]]) -> None:
    """What all articles share is taken off, so that what is left tells them apart."""
    gists = []
    for ids in chats:
        seen = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        gists.append(seen[2][0, -1, STREAM.gist])
    model.model.layers[1].self_attn.o_proj.bias[STREAM.gist] -= torch.stack(gists).mean(dim=0)


def _write_head(head: Any, parts: Parts) -> None:
    """Likely is what the stream proposes to copy, what is near the gist, and what looks right."""
    seen = torch.cat([parts.codes, parts.words], dim=1)[:, :COPIED]
    head[:, STREAM.copied] = COPY_WEIGHT * seen / seen.norm(dim=1, keepdim=True)
    head[:, STREAM.gist] = GIST_WEIGHT * parts.words @ parts.gist.T / parts.gist.norm()
    head[:, STREAM.wanted] = LOOKS_WEIGHT * parts.shapes
    head.mul_(SHARPNESS / math.sqrt(STREAM.width))


def _keys(tokenizer: PreTrainedTokenizerBase, codes: torch.Tensor) -> Keys:
    """What finds each key's code, and none of the others'; zeros for a key that no chat has."""
    texts = token_texts(tokenizer)
    known = [codes[texts.index(k)] if k in texts else 0 * codes[0] for k in Keys._fields]
    return Keys(*torch.linalg.pinv(torch.stack(known)).T)
