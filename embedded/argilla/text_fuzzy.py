"""Near misses: words within some edits, and phrases whose words are moved."""

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from embedded.argilla.text_index import table_name
from embedded.argilla.text_nodes import Fuzzy, Phrase

# Elasticsearch is asked by Argilla for at most so many variants of a fuzzy word.
FUZZY_EXPANSIONS = 10
# Of longer phrases FTS5's NEAR decides, which knows no order: each place costs each word.
MAX_SLOPPY_WORDS = 32


def vocabulary(db: sqlite3.Connection, dataset_id: str) -> list[str]:
    """Every word of a data set."""
    words = f"words_{dataset_id}"
    db.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{words} "
        f"USING fts5vocab('search', '{table_name(dataset_id)}', 'row')"
    )
    return [term for (term,) in db.execute(f"SELECT term FROM temp.{words}")]


def variants(words: Sequence[str], fuzzy: Fuzzy) -> list[str]:
    """Of these, the words within the edits, nearest first, as Lucene's FuzzyQuery takes them.

    Source: https://lucene.apache.org/core/9_0_0/core/org/apache/lucene/search/FuzzyQuery.html
    Edits must be fewer than the shorter word has characters.
    """
    found = process.extract_iter(
        fuzzy.word, words, scorer=Levenshtein.distance, score_cutoff=fuzzy.edits
    )
    near = [
        (distance / min(len(fuzzy.word), len(term)), term)
        for term, distance, _ in found
        if distance == 0 or distance < min(len(fuzzy.word), len(term))
    ]
    return [term for _, term in sorted(near)[:FUZZY_EXPANSIONS]]


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
    return [doc for doc, *texts in rows if any(fits(text.split(), phrase) for text in texts)]


def fits(text: Sequence[str], phrase: Phrase) -> bool:
    """Whether some places of the words, each taken once, are shifted by amounts within the slop.

    A place's shift is its position less the word's own in the phrase, as in Lucene's
    SloppyPhraseMatcher. Each shift is tried as the smallest; then the words' ranges of places only
    move to the right, so taking the first free place of each is never a mistake.
    """
    if len(phrase.words) > MAX_SLOPPY_WORDS:
        return True
    places: dict[str, list[int]] = {word: [] for word in phrase.words}
    for at, word in enumerate(text):
        if word in places:
            places[word].append(at)
    smallest = {at - i for i, word in enumerate(phrase.words) for at in places[word]}
    return any(_fits_from(low, places, phrase) for low in smallest)


def _fits_from(low: int, places: Mapping[str, Sequence[int]], phrase: Phrase) -> bool:
    next_free: dict[str, int] = {}
    for i, word in enumerate(phrase.words):
        at = bisect_left(places[word], low + i, next_free.get(word, 0))
        if at == len(places[word]) or places[word][at] > low + i + phrase.slop:
            return False
        next_free[word] = at + 1
    return True
