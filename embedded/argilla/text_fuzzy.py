"""Near misses: words within some edits, and phrases whose words are moved."""

import sqlite3
from collections.abc import Iterable, Sequence

from embedded.argilla.text_index import table_name
from embedded.argilla.text_nodes import Fuzzy, Phrase

# Elasticsearch is asked by Argilla for at most so many variants of a fuzzy word.
FUZZY_EXPANSIONS = 10
# Beyond it each order of the words would have to be tried; FTS5's NEAR decides.
MAX_SLOPPY_WORDS = 8


def variants(db: sqlite3.Connection, dataset_id: str, fuzzy: Fuzzy) -> list[str]:
    """The data set's words within the edits, nearest first, as Lucene's FuzzyQuery takes them.

    Source: https://lucene.apache.org/core/9_0_0/core/org/apache/lucene/search/FuzzyQuery.html
    Edits must be fewer than the shorter word has characters.
    """
    vocabulary = f"words_{dataset_id}"
    db.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{vocabulary} "
        f"USING fts5vocab('search', '{table_name(dataset_id)}', 'row')"
    )
    length, edits = len(fuzzy.word), fuzzy.edits
    terms = db.execute(
        f"SELECT term FROM temp.{vocabulary} WHERE length(term) BETWEEN ? AND ?",
        (length - edits, length + edits),
    )
    near: list[tuple[float, str]] = []
    for (term,) in terms:
        found = edits_between(fuzzy.word, term, edits)
        shorter = min(length, len(term))
        if found is not None and (found == 0 or found < shorter):
            near.append((found / shorter, term))
    return [term for _, term in sorted(near)[:FUZZY_EXPANSIONS]]


def edits_between(a: str, b: str, most: int) -> int | None:
    """The Levenshtein distance of two words, or None where it is more than ``most``."""
    if abs(len(a) - len(b)) > most:
        return None
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (char != other))
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def sloppy_matches(
    db: sqlite3.Connection, dataset_id: str, columns: Sequence[str], phrase: Phrase
) -> list[int]:
    """Documents where the phrase's words stand so that moving them costs at most the slop.

    FTS5's NEAR knows no order, so what it finds is looked at again.
    """
    name = table_name(dataset_id)
    near = " ".join(f'"{word}"' for word in phrase.words)
    match = f"{{{' '.join(columns)}}} : NEAR({near}, {phrase.slop})"
    sql = f"SELECT rowid, {', '.join(columns)} FROM search.{name} WHERE {name} MATCH ?"
    rows = db.execute(sql, (match,))
    return [doc for doc, *texts in rows if any(_fits(text.split(), phrase) for text in texts)]


def _fits(text: Sequence[str], phrase: Phrase) -> bool:
    if len(phrase.words) > MAX_SLOPPY_WORDS:
        return True
    places = [[at for at, word in enumerate(text) if word == wanted] for wanted in phrase.words]
    return any(_rest_fits(places[1:], 1, phrase.slop, first, first, {first}) for first in places[0])


def _rest_fits(
    places: Sequence[Iterable[int]], number: int, slop: int, low: int, high: int, used: set[int]
) -> bool:
    """Whether the words from ``number`` on have places, with all shifts between low and high."""
    if not places:
        return True
    for at in places[0]:
        lowest, highest = min(low, at - number), max(high, at - number)
        fits = at not in used and highest - lowest <= slop
        if fits and _rest_fits(places[1:], number + 1, slop, lowest, highest, used | {at}):
            return True
    return False
