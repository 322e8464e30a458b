"""The offline base model: no pre-trained causal language model is at hand, so one is made.

A Llama of three small layers. Its words are those of the desk, a byte-level BPE learned from the
chats; each starts with the mean vector of the pieces that MiniLM, the offline encoder, reads in it.
Its attention is written down where it can be (``heads``): copying from the article, the gist of the
article. Nothing of it is trained; an adapter learns what to do with it.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
    set_seed,
)

from corpus.instruct.pairs import Pair
from training.encoder import OFFLINE, encoder_path
from training.instruct.generate import chat_ids
from training.instruct.heads import (
    CAPITAL,
    CODE,
    COMMON,
    COPIED,
    ENDS,
    GISTS,
    HEAD,
    HEADS,
    RARE,
    SHAPE,
    SHAPES,
    STREAM,
    THETA,
    WORD,
    Keys,
    balance,
    write_first,
    write_second,
    write_third,
)
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
# Length of an article's gist, on average.
GIST = 1.5
# Chats whose vectors tell how much RMSNorm magnifies, and what articles share.
MEASURED = 16

Chats = Callable[[], Iterable[Pair]]


class Parts(NamedTuple):
    """What the stream holds of each token, and what makes the gist: (tokens or GISTS, width)."""

    words: torch.Tensor
    codes: torch.Tensor
    shapes: torch.Tensor
    gist: torch.Tensor


def make_decoder(
    chats: Chats, seed: int, folder: Path, on_progress: Progress | None = None
) -> None:
    """A decoder with the words of these chats, into ``folder``; they are read three times."""
    set_seed(seed)
    tokenizer = _tokenizer(chats, on_progress)
    generator = torch.Generator().manual_seed(seed)
    counts = _counts(tokenizer, chats)
    with torch.no_grad():
        words = _words(tokenizer, counts, generator)
        shapes = _shapes(tokenizer, counts)
        gist = _main_components(tokenizer, words, shapes[:, COMMON], chats)
        parts = Parts(words, _codes(tokenizer, generator), shapes, gist)
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


def _counts(tokenizer: PreTrainedTokenizerBase, chats: Chats) -> torch.Tensor:
    """How often each token stands in the articles; instructions are the same everywhere."""
    counts: Counter[int] = Counter()
    for pair in chats():
        ids: Any = tokenizer(pair.text)["input_ids"]
        counts.update(ids)
    return torch.tensor([float(counts[i]) for i in range(len(tokenizer))])


def _words(
    tokenizer: PreTrainedTokenizerBase, counts: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """(len(tokenizer), width of a word), of length 1: MiniLM's vectors, their main components.

    The mean word of the articles is taken off: it would be most of every gist.
    """
    reader = AutoTokenizer.from_pretrained(encoder_path(OFFLINE))
    source = AutoModel.from_pretrained(encoder_path(OFFLINE))
    vectors = source.get_input_embeddings().weight
    pieces = [_pieces(text, reader) for text in _texts(tokenizer)]
    usual = vectors.mean(dim=0)
    rows = torch.stack([vectors[ids].mean(dim=0) if ids else usual for ids in pieces])
    shares = (counts / counts.sum())[:, None]
    rows = rows - (shares * rows).sum(dim=0)
    # Of words as often as the articles have them.
    components = torch.linalg.svd(shares.sqrt() * rows, full_matrices=False).Vh[:WORD]
    words: torch.Tensor = rows @ components.T
    special = tokenizer.all_special_ids
    words[special] = torch.randn(len(special), WORD, generator=generator)
    words /= words.norm(dim=1, keepdim=True).clamp_min(1e-6)
    # They have no code: with it they are as long as others, which RMSNorm would notice.
    words[special] *= math.sqrt(2)
    return words


def _codes(tokenizer: PreTrainedTokenizerBase, generator: torch.Generator) -> torch.Tensor:
    """(len(tokenizer), CODE), of length 1, at random (Johnson and Lindenstrauss 1984).

    A token and the same with a blank before it have one. A special token has none, nor has one
    with a quotation mark: what followed it in the article does not go on with an answer.
    """
    texts = [text.strip() or text for text in _texts(tokenizer)]
    of_text = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    drawn = torch.randn(len(of_text), CODE, generator=generator)
    codes: torch.Tensor = (drawn / drawn.norm(dim=1, keepdim=True))[[of_text[t] for t in texts]]
    codes[tokenizer.all_special_ids] = 0.0
    codes[[i for i, text in enumerate(texts) if '"' in text]] = 0.0
    return codes


def _keys(tokenizer: PreTrainedTokenizerBase, codes: torch.Tensor) -> Keys:
    """What finds each key's code, and none of the others'; zeros for a key that no chat has."""
    texts = _texts(tokenizer)
    known = [codes[texts.index(k)] if k in texts else 0 * codes[0] for k in Keys._fields]
    return Keys(*torch.linalg.pinv(torch.stack(known)).T)


def _main_components(
    tokenizer: PreTrainedTokenizerBase, words: torch.Tensor, common: torch.Tensor, chats: Chats
) -> torch.Tensor:
    """(GISTS, width of a word): from mean words to what most tells articles apart.

    An adapter of low rank sees few directions at first, so few hold all: latent semantic analysis
    (Deerwester et al. 1990), of word vectors.
    """
    weights = torch.exp(-RARE * common)
    total = torch.zeros(words.shape[1])
    squares = torch.zeros(words.shape[1], words.shape[1])
    number = 0
    for pair in chats():
        ids: Any = tokenizer(pair.text)["input_ids"]
        mean = (weights[ids] @ words[ids]) / weights[ids].sum()
        total += mean
        squares += torch.outer(mean, mean)
        number += 1
    covariance = squares / number - torch.outer(total, total) / number**2
    values, vectors = torch.linalg.eigh(covariance)
    components: torch.Tensor = vectors[:, -GISTS:].T
    scaled: torch.Tensor = GIST * components / values[-GISTS:].sum().sqrt()
    return scaled


def _shapes(tokenizer: PreTrainedTokenizerBase, counts: torch.Tensor) -> torch.Tensor:
    """(len(tokenizer), SHAPES): what is seen of a token without knowing what it means."""
    texts = _texts(tokenizer)
    shapes = torch.tensor([_shape(text) for text in texts])
    for place, i in enumerate(sorted(tokenizer.all_special_ids)):
        shapes[i] = 0.0
        # The end, then the roles in their order: USER and ASSISTANT of ``heads``.
        shapes[i, [0, 1 + place]] = 1.0
    forms: dict[str, float] = defaultdict(float)
    for text, count in zip(texts, counts.tolist(), strict=True):
        forms[_plain(text)] += count
    most = math.log1p(max(forms.values()))
    shapes[:, COMMON] = torch.tensor([math.log1p(forms[_plain(t)]) / most for t in texts])
    return shapes


def _shape(text: str) -> list[float]:
    word = text.strip()
    seen = [0.0] * SHAPES
    seen[5] = text[:1] == " "
    seen[CAPITAL] = word[:1].isupper()
    seen[7] = len(word) > 1 and word.isupper()
    seen[8] = any(sign.isdigit() for sign in word)
    seen[9] = bool(word) and not any(sign.isalnum() for sign in word)
    seen[10] = text[:1].isalnum()
    seen[11] = '"' in text
    seen[12] = "\n" in text
    seen[13] = any(sign in "{}[]:" for sign in text)
    seen[ENDS] = text[-1:] in (".", "!", "?", "\n")
    return [float(value) for value in seen]


def _texts(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    return [str(tokenizer.decode([i])) for i in range(len(tokenizer))]


def _plain(text: str) -> str:
    """The same for " The" and "the"."""
    return text.strip().lower()


def _pieces(text: str, reader: PreTrainedTokenizerBase) -> list[int]:
    """Of a token that continues a word ("ing") MiniLM's continuing piece, where there is one."""
    continuing: Any = reader.convert_tokens_to_ids(f"##{text}")
    if text.isalpha() and text.islower() and continuing != reader.unk_token_id:
        return [continuing]
    ids: Any = reader(text.strip(), add_special_tokens=False)["input_ids"]
    return [i for i in ids if i != reader.unk_token_id]
