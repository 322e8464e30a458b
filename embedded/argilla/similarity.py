"""The nearest records by cosine, brute force over float32 vectors in the side file."""

import sqlite3
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from argilla_server.search_engine import Filter, SearchResponseItem, SearchResponses, TextQuery
from numpy.typing import NDArray

from embedded.argilla.search import condition

# Vectors read at a time: 6 MB of 384 dimensions, so that memory does not grow with the data set.
CHUNK = 4_096
Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: nearest to ``vector``, or ``downwards`` farthest from it.

    ``without`` is the id of the record that asks; ``threshold`` a least score.
    """

    settings_id: str
    vector: list[float]
    downwards: bool
    without: str
    limit: int
    threshold: float | None


def nearest(
    db: sqlite3.Connection,
    dataset_id: str,
    wanted: Wanted,
    query: TextQuery | str | None,
    filter_: Filter | None,
) -> SearchResponses:
    """Best first; score = (1 + cosine) / 2, total = as many as are returned."""
    where = condition(db, dataset_id, query, filter_)
    rows = db.execute(
        "SELECT x.doc, x.value FROM search.vectors x CROSS JOIN copydesk_docs d ON d.doc = x.doc "
        f"WHERE x.settings_id = ? AND d.record_id <> ? AND {where.text}",
        [wanted.settings_id, wanted.without, *where.values],
    )
    docs, scores = _scored(rows, wanted)
    # A stable sort: equal scores stand in the order in which records were logged.
    best = np.argsort(-scores, kind="stable")[: wanted.limit]
    found = [(int(docs[i]), float(scores[i])) for i in best]
    if wanted.threshold is not None:
        found = [(doc, score) for doc, score in found if score >= wanted.threshold]
    records = "SELECT record_id FROM copydesk_docs WHERE doc = ?"
    items = [
        SearchResponseItem(record_id=UUID(db.execute(records, [doc]).fetchone()[0]), score=score)
        for doc, score in found
    ]
    return SearchResponses(items=items, total=len(items))


def _scored(rows: sqlite3.Cursor, wanted: Wanted) -> tuple[Numbers, Numbers]:
    asked = np.asarray(wanted.vector, dtype=np.float32) * (-1 if wanted.downwards else 1)
    length = float(np.linalg.norm(asked))
    docs, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    while chunk := rows.fetchmany(CHUNK):
        vectors = np.frombuffer(b"".join(blob for _, blob in chunk), np.float32)
        vectors = vectors.reshape(len(chunk), -1)
        lengths = np.linalg.norm(vectors, axis=1) * length
        # A vector of zeros has no direction: its cosine is 0.
        cosines = np.divide(vectors @ asked, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        docs.append(np.fromiter((doc for doc, _ in chunk), np.int64, len(chunk)))
        scores.append((1 + cosines) / 2)
    return np.concatenate(docs), np.concatenate(scores)
