"""The offline base model: no pre-trained causal language model is at hand, so one is made.

A Llama of three small layers. Its words are those of the desk, a byte-level BPE learned from the
chats; each starts with the mean vector of the pieces that MiniLM, the offline encoder, reads in it.
Its attention is written down where it can be (``heads``): copying from the article, the gist of the
article. Nothing of it is trained; an adapter learns what to do with it.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

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
    COMMON,
    ENDS,
    HEAD,
    HEADS,
    SHAPE,
    SHAPES,
    STREAM,
    THETA,
    Maps,
    random_maps,
    write_first,
    write_second,
    write_third,
)
from training.results import Progress
from training.tokenizer.base import BYTES, base_tokenizer
from training.tokenizer.train import train_tokenizer

# Small: for each token of a batch the head is computed for the whole vocabulary.
VOCABULARY = 4000
CONTEXT = 1024
FEED_FORWARD = 640
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
# {% generation %} marks what the assistant says, for those who mask by it.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}{{ eos_token }}"
    "{% endgeneration %}{% else %}{{ message.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# Tells apart tokens that MiniLM reads as the same piece, like " Bank" and "bank".
NOISE = 0.25
# Of the head: a proposal to copy a word, the nearness of a word to the gist, and all else.
COPY_WEIGHT, GIST_WEIGHT, OTHER_WEIGHT, SHARPNESS = 1.0, 0.7, 0.5, 16.0
# Chats whose vectors tell how much RMSNorm magnifies.
MEASURED = 4

Chats = Callable[[], Iterable[Pair]]


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
        model = _make(tokenizer, words, _shapes(tokenizer, counts), chats, generator)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(chats: Chats, on_progress: Progress | None) -> PreTrainedTokenizerBase:
    texts = (message["content"] for pair in chats() for message in pair.messages())
    found = train_tokenizer(texts, base_tokenizer(BYTES), VOCABULARY, on_progress)
    found.add_special_tokens({"additional_special_tokens": list(ROLES)})
    found.chat_template = CHAT_TEMPLATE
    found.model_max_length = CONTEXT
    return found


def _make(
    tokenizer: PreTrainedTokenizerBase,
    words: torch.Tensor,
    shapes: torch.Tensor,
    chats: Chats,
    generator: torch.Generator,
) -> Any:
    model: Any = LlamaForCausalLM(_config(tokenizer))
    model.eval()
    _forget(model, generator)
    embeddings = model.model.embed_tokens.weight
    embeddings[:, STREAM.word], embeddings[:, STREAM.shape] = words, SHAPE * shapes
    maps = random_maps(generator)
    some = [chat_ids(pair.messages(), tokenizer) for pair in islice(chats(), MEASURED)]
    layers = model.model.layers
    # From below: what a layer sees depends on those before it.
    write_first(layers[0].self_attn, _magnified(model, some, 0))
    write_second(layers[1].self_attn, _magnified(model, some, 1), maps)
    write_third(layers[2].self_attn, _magnified(model, some, 2), maps)
    _write_head(model.lm_head.weight, words, maps)
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


def _magnified(model: Any, chats: Sequence[list[int]], layer: int) -> float:
    """How many times larger RMSNorm makes the stream before this layer, on average."""
    lengths = []
    for ids in chats:
        seen = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        lengths.append(seen[layer][0].norm(dim=1))
    return float((math.sqrt(STREAM.width) / torch.cat(lengths)).mean())


def _write_head(head: Any, words: torch.Tensor, maps: Maps) -> None:
    """A word is likely as the stream proposes to copy it, or as it is near the gist."""
    for place, matrix, weight in (
        (STREAM.copied, maps.copied, COPY_WEIGHT),
        (STREAM.gist, maps.gist, GIST_WEIGHT),
    ):
        seen = words @ matrix.T
        head[:, place] = weight * seen / seen.norm(dim=1, keepdim=True)
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
    """(len(tokenizer), width of a word), of length 1: MiniLM's vectors, turned at random.

    The mean word of the articles is taken off: it would be most of every gist.
    """
    reader = AutoTokenizer.from_pretrained(encoder_path(OFFLINE))
    source = AutoModel.from_pretrained(encoder_path(OFFLINE))
    vectors = source.get_input_embeddings().weight
    pieces = [_pieces(text, reader) for text in _texts(tokenizer)]
    usual = vectors.mean(dim=0)
    rows = torch.stack([vectors[ids].mean(dim=0) if ids else usual for ids in pieces])
    rows = rows - (counts[:, None] * rows).sum(dim=0) / counts.sum()
    width = STREAM.word.stop
    turned = torch.linalg.qr(torch.randn(rows.shape[1], width, generator=generator))[0]
    words: torch.Tensor = rows @ turned
    length = words.norm(dim=1, keepdim=True).mean()
    words = words + NOISE * length * _random(words.shape, generator)
    for i in tokenizer.all_special_ids:
        words[i] = torch.randn(width, generator=generator)
    unit: torch.Tensor = words / words.norm(dim=1, keepdim=True)
    return unit


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
    known = reader.get_vocab()
    continuing = known.get(f"##{text}")
    if text.isalpha() and text.islower() and continuing is not None:
        return [continuing]
    ids: Any = reader(text.strip(), add_special_tokens=False)["input_ids"]
    return [i for i in ids if i != reader.unk_token_id]
