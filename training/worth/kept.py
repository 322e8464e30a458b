"""What the frozen encoder said is kept, so that the next round encodes its new articles alone."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from training.encoder import encoder_digest
from training.prediction.cache import VectorCache, cache_root, limit_bytes

# Positions of what is asked → a matrix for each.
Encode = Callable[[Sequence[int]], Mapping[int, np.ndarray]]


def encoded_once(
    what: str, encoder: str, dtype: str, inputs: Sequence[bytes], encode: Encode
) -> list[np.ndarray]:
    """A matrix for each input, from COPYDESK_HOME/embeddings where it was encoded before.

    ``inputs`` and ``what`` say all that decides the matrices beside the encoder's files.
    """
    keys = [hashlib.blake2b(data, digest_size=16).digest() for data in inputs]
    limit = limit_bytes()
    if not limit:
        found = encode(range(len(keys)))
        return [found[i] for i in range(len(keys))]
    cache = VectorCache(cache_root(), _revision(what, encoder), dtype, limit)
    kept = {key: matrix for key in set(keys) if (matrix := cache.get(key)) is not None}
    first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in kept}
    if first:
        new = encode(sorted(first.values()))
        fresh = {key: np.asarray(new[i], dtype=dtype) for key, i in first.items()}
        cache.put(fresh)
        kept |= fresh
    return [kept[key] for key in keys]


def _revision(what: str, encoder: str) -> str:
    return hashlib.sha256(f"{what}\n{encoder_digest(encoder)}".encode()).hexdigest()[:16]
