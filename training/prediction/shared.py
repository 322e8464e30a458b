"""Topics and entities of the same texts by one pass of the frozen encoder that both sit on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from corpus.articles import ScoredSpan
from training.classification.calibration import to_probabilities
from training.classification.models import SetFitTopics, TopicModel
from training.classification.predict import TopicPrediction, to_prediction
from training.entities.encode import Window, encode
from training.entities.frozen.modeling_frozen_tagger import FrozenTagger
from training.entities.predict import STRIDE_TOKENS, EntityModel, spans_of
from training.prediction.cache import VectorCache, cache_root, limit_bytes
from training.prediction.sequences import batches_by_length, key_of, padded, token_budget

Sequences = dict[bytes, Sequence[int]]
# Texts whose states are held in memory at a time: 40 MB of news items.
PART_TEXTS = 1_000


@dataclass(frozen=True, slots=True)
class SharedEncoder:
    """Two models whose encoders are the same, weight for weight; ``revision`` names these."""

    topics: SetFitTopics
    entities: EntityModel
    revision: str


@dataclass(frozen=True, slots=True)
class Caches:
    """Where states of tokens and vectors of texts are kept; None keeps nothing."""

    tokens: VectorCache | None = None
    texts: VectorCache | None = None


@dataclass(frozen=True, slots=True)
class Predicted:
    """What both models say, in the order of the texts."""

    topics: list[TopicPrediction]
    spans: list[tuple[ScoredSpan, ...]]


def open_caches(revision: str) -> Caches:
    """Of this encoder, in COPYDESK_HOME/embeddings; nothing is kept with a limit of 0."""
    root, limit = cache_root(), limit_bytes()
    if not limit:
        return Caches()
    return Caches(
        VectorCache(root, revision, "float16", limit),
        VectorCache(root, revision, "float32", limit),
    )


def share(topics: TopicModel, entities: EntityModel) -> SharedEncoder | None:
    """The two as one, or None where they do not sit on the same frozen encoder."""
    if not isinstance(topics, SetFitTopics) or not isinstance(entities.model, FrozenTagger):
        return None
    body = topics.model.model_body
    if not _is_plain(body):
        return None
    encoder, other = body[0].auto_model, entities.model.encoder
    own, others = encoder.state_dict(), other.state_dict()
    # The pooler is in one or the other, and neither head asks for it.
    names = [name for name in own if not name.startswith("pooler.")]
    same = set(names) == {name for name in others if not name.startswith("pooler.")} and all(
        torch.equal(own[name], others[name]) for name in names
    )
    return SharedEncoder(topics, entities, _revision(own, names, entities)) if same else None


def predict_both(
    shared: SharedEncoder,
    topic_texts: Sequence[str],
    entity_texts: Sequence[str],
    caches: Caches | None = None,
) -> Predicted:
    """Topics of the first texts and spans of the second; what they share is encoded once.

    The two are of the same articles, part by part: the first may have titles that the second lack.
    """
    topics: list[TopicPrediction] = []
    spans: list[tuple[ScoredSpan, ...]] = []
    with torch.inference_mode():
        for start in range(0, max(len(topic_texts), len(entity_texts)), PART_TEXTS):
            part = slice(start, start + PART_TEXTS)
            found = _predict_part(shared, topic_texts[part], entity_texts[part], caches or Caches())
            topics += found.topics
            spans += found.spans
    return Predicted(topics, spans)


def _predict_part(
    shared: SharedEncoder, topic_texts: Sequence[str], entity_texts: Sequence[str], caches: Caches
) -> Predicted:
    sequences = _topic_sequences(shared.topics, topic_texts)
    windows = _windows(shared.entities, entity_texts)
    lower = shared.entities.model.lower_of.cpu().numpy()
    read = [lower[window.input_ids].tolist() for window in windows]
    topic_keys, window_keys = [key_of(s) for s in sequences], [key_of(s) for s in read]
    texts, states = _encoded(
        shared,
        dict(zip(topic_keys, sequences, strict=True)),
        dict(zip(window_keys, read, strict=True)),
        caches,
    )
    topics: list[TopicPrediction] = []
    if topic_keys:
        vectors = np.concatenate([texts[key] for key in topic_keys])
        logits = shared.topics.logits_of(vectors)
        found = to_probabilities(logits, exclusive=not shared.topics.several)
        topics = [to_prediction(shared.topics, row.tolist()) for row in found]
    rows = _tag(shared.entities, windows, [states[key] for key in window_keys])
    return Predicted(topics, spans_of(entity_texts, windows, rows, shared.entities.tags))


def _topic_sequences(topics: SetFitTopics, texts: Sequence[str]) -> list[list[int]]:
    body = topics.model.model_body
    if not texts:
        return []
    found: list[list[int]] = body.tokenizer(
        list(texts), truncation=True, max_length=body.max_seq_length
    )["input_ids"]
    return found


def _windows(entities: EntityModel, texts: Sequence[str]) -> list[Window]:
    if not texts:
        return []
    return encode(
        entities.tokenizer,
        texts,
        None,
        entities.entity_types,
        entities.window_tokens,
        STRIDE_TOKENS,
    ).windows


def _encoded(
    shared: SharedEncoder, for_topics: Sequences, for_entities: Sequences, caches: Caches
) -> tuple[dict[bytes, np.ndarray], dict[bytes, np.ndarray]]:
    """Vectors of texts and states of tokens by key, from the caches where they are."""
    texts, states = _kept(caches.texts, for_topics), _kept(caches.tokens, for_entities)
    wanted = {
        key: sequence
        for asked, there in ((for_topics, texts), (for_entities, states))
        for key, sequence in asked.items()
        if key not in there
    }
    new_texts: dict[bytes, np.ndarray] = {}
    new_states: dict[bytes, np.ndarray] = {}
    keys = list(wanted)
    device = shared.entities.model.device
    for batch in batches_by_length([len(wanted[k]) for k in keys], token_budget(device)):
        names = [keys[i] for i in batch]
        ids, mask = padded([wanted[name] for name in names], 0)
        vectors, tokens = _encode(shared, ids.to(device), mask.to(device))
        for row, name in enumerate(names):
            if name in for_topics and name not in texts:
                new_texts[name] = vectors[row : row + 1]
            if name in for_entities and name not in states:
                new_states[name] = tokens[row, : len(wanted[name])]
    if caches.texts is not None:
        caches.texts.put(new_texts)
    if caches.tokens is not None:
        caches.tokens.put(new_states)
    return texts | new_texts, states | new_states


def _kept(cache: VectorCache | None, asked: Sequences) -> dict[bytes, np.ndarray]:
    if cache is None:
        return {}
    cache.refresh()
    found = {key: cache.get(key) for key in asked}
    return {key: vectors for key, vectors in found.items() if vectors is not None}


def _encode(
    shared: SharedEncoder, ids: torch.Tensor, mask: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """(batch × width) of texts as the topic model's body gives them; (batch × tokens × width)."""
    body, tagger = shared.topics.model.model_body, shared.entities.model
    layer = tagger.config.layer
    found = tagger.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=layer != -1)
    features: dict[str, Any] = {
        "token_embeddings": found.last_hidden_state,
        "attention_mask": mask,
    }
    for module in list(body)[1:]:
        features = module(features)
    vectors = features["sentence_embedding"]
    if shared.topics.model.normalize_embeddings:
        vectors = torch.nn.functional.normalize(vectors, dim=-1)
    states = found.last_hidden_state if layer == -1 else found.hidden_states[layer]
    # The head reads the same of a new text as of one that was kept.
    return vectors.cpu().numpy(), states.half().cpu().numpy()


def _tag(
    entities: EntityModel, windows: Sequence[Window], states: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """(tokens × tags) logarithms of probabilities of each window.

    All windows lie in one row with a gap between them, which the head counts as padding: there is
    none else, however different their lengths.
    """
    if not windows:
        return []
    model, device = entities.model, entities.model.device
    lengths = [len(window.input_ids) for window in windows]
    starts = np.cumsum([0, *(length + 1 for length in lengths)])
    ids = np.zeros((1, int(starts[-1])), dtype=np.int64)
    mask = np.zeros_like(ids)
    joined = np.zeros((1, int(starts[-1]), states[0].shape[1]), dtype=np.float32)
    for start, window, vectors in zip(starts, windows, states, strict=False):
        end = start + len(window.input_ids)
        ids[0, start:end] = window.input_ids
        mask[0, start:end] = 1
        joined[0, start:end] = vectors
    logits = model.tag(*(torch.from_numpy(part).to(device) for part in (joined, ids, mask)))
    values = torch.log_softmax(logits[0].float(), dim=-1).cpu().numpy()
    return [values[s : s + n] for s, n in zip(starts, lengths, strict=False)]


def _is_plain(body: Any) -> bool:
    """A transformer whose tokens are pooled, without prompts or a tokenizer of its own."""
    prompted = any((getattr(body, "prompts", None) or {}).values())
    lowers = bool(getattr(body[0], "do_lower_case", False))
    return hasattr(body[0], "auto_model") and not prompted and not lowers


def _revision(weights: dict[str, torch.Tensor], names: Sequence[str], entities: EntityModel) -> str:
    found = hashlib.sha256(f"{entities.model.config.layer}\n".encode())
    for name in sorted(names):
        found.update(name.encode())
        found.update(weights[name].detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()[:16]
