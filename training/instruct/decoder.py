"""The offline base model: no pre-trained causal language model is at hand, so one is made.

A Llama of three small layers. Its words are those of the desk, a byte-level BPE learned from the
chats; each starts with the mean vector of the pieces that MiniLM, the offline encoder, reads in it
(``words``). Its attention is written down where it can be (``layers``): copying from the article,
its gist, the names that come next, whether any is left. Two regressions are fitted: what each word
says of an article's subject (``themes``), and which words begin a name, as the chats' own answers
tell (``names``). Nothing else is trained. An adapter learns what to do with it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, set_seed

from training.instruct.generate import chat_ids
from training.instruct.heads import HEAD, HEADS, THETA, Scales, balance
from training.instruct.last_layer import write_third
from training.instruct.layers import write_first, write_second
from training.instruct.names import Beginnings, name_beginnings
from training.instruct.output import write_head
from training.instruct.plain import plain_pairs
from training.instruct.stream import SHAPE, STREAM, THEME, WEIGHT
from training.instruct.themes import Themes, token_themes
from training.instruct.tokens import CONTEXT, ROLES, Chats, chat_tokenizer
from training.instruct.words import Parts, token_parts
from training.results import Progress

FEED_FORWARD = 256
# Of the head, where nothing is written.
OTHER_WEIGHT = 0.5
# Chats whose vectors tell how much RMSNorm magnifies, and what articles share.
MEASURED, MEASURED_CHARACTERS = 16, 1500


def make_decoder(
    chats: Chats, seed: int, folder: Path, on_progress: Progress | None = None
) -> None:
    """A decoder with the words of these chats, into ``folder``; they are read six times."""
    set_seed(seed)
    tokenizer = chat_tokenizer(chats, on_progress)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        parts = token_parts(tokenizer, chats, generator)
        themes = token_themes(tokenizer, chats, on_progress)
        names = name_beginnings(tokenizer, parts, chats)
        model = _make(tokenizer, parts, themes, names, chats, generator)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _make(
    tokenizer: PreTrainedTokenizerBase,
    parts: Parts,
    themes: Themes,
    names: Beginnings | None,
    chats: Chats,
    generator: torch.Generator,
) -> Any:
    model: Any = LlamaForCausalLM(_config(tokenizer))
    model.eval()
    _forget(model, generator)
    embeddings = model.model.embed_tokens.weight
    embeddings[:, STREAM.word], embeddings[:, STREAM.code] = parts.words, parts.codes
    embeddings[:, STREAM.shape] = SHAPE * parts.shapes
    embeddings[:, STREAM.theme] = THEME * themes.vectors
    embeddings[:, STREAM.weight.start] = WEIGHT * themes.weights
    lengths = embeddings.square().sum(dim=1)
    # RMSNorm would make a longer one less of everything.
    embeddings[:, STREAM.filler.start] = (lengths.max() - lengths).sqrt()
    some = list(_measured(tokenizer, chats))
    layers = model.model.layers
    # From below: what a layer sees depends on those before it.
    user: Any = tokenizer.convert_tokens_to_ids(ROLES[1])
    assistant: Any = tokenizer.convert_tokens_to_ids(ROLES[2])
    roles = [(ids.index(user), ids.index(assistant)) for ids in some]
    write_first(layers[0].self_attn, _scales(model, some, roles, 0).article)
    write_second(layers[1].self_attn, _scales(model, some, roles, 1))
    _centre_gist(model, some)
    scales = _scales(model, some, roles, 2)
    write_third(layers[2].self_attn, scales, names)
    for layer in layers:
        balance(layer.self_attn)
    write_head(model.lm_head.weight, parts, themes.vectors, tokenizer, chats)
    return model


def _measured(tokenizer: PreTrainedTokenizerBase, chats: Chats) -> Iterator[list[int]]:
    """Some chats, of long articles the beginning: more is not read in training either."""
    plain = plain_pairs(tokenizer)
    for pair in islice(chats(), MEASURED):
        short = replace(pair, text=pair.text[:MEASURED_CHARACTERS])
        yield chat_ids(plain(short).messages(), tokenizer)


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


def _scales(
    model: Any, chats: Sequence[list[int]], roles: Sequence[tuple[int, int]], layer: int
) -> Scales:
    """How many times larger RMSNorm makes the stream before this layer, on average.

    ``roles``: where the user's turn and the assistant's begin.
    """
    of_article, of_answer, of_user = [], [], []
    for ids, (user, assistant) in zip(chats, roles, strict=True):
        seen = model.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        magnified = math.sqrt(STREAM.width) / seen[layer][0].norm(dim=1)
        of_user.append(magnified[user])
        of_article.append(magnified[user + 1 : assistant])
        of_answer.append(magnified[assistant:])
    return Scales(
        article=float(torch.cat(of_article).mean()),
        answer=float(torch.cat(of_answer).mean()),
        user=float(torch.stack(of_user).mean()),
    )


def _centre_gist(model: Any, chats: Sequence[list[int]]) -> None:
    """What all articles share is taken off, so that what is left tells them apart."""
    gists = []
    for ids in chats:
        seen = model.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        gists.append(seen[2][0, -1, STREAM.gist])
    model.model.layers[1].self_attn.o_proj.bias[STREAM.gist] -= torch.stack(gists).mean(dim=0)
