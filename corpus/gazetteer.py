"""Names that people marked in reviewed articles, found again in new ones.

The suggestions of a desk whose entity model is not published yet. Everything is measured on the
reviewed articles themselves: what a name's type is, and how often its words stand there unmarked.
"""

import hashlib
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.articles import ReviewedArticle, ScoredSpan, Span
from corpus.words import Word, words_of

# Of two types of a name the one that so many of its marks have; else it is left out.
MINIMUM_SHARE = 0.6
# Below it a name is left out: more than half of its suggestions would be wrong.
MINIMUM_PRECISION = 0.5
# Of a name met once: measured on corpora, see docs/decisions/0024.
PRIOR_MARKED, PRIOR_UNMARKED = 1.0, 1.0

Key = tuple[str, ...]
# Word (with the gap before it, but for the first) → the same of what may follow; "" → the name.
Trie = dict[str, Any]
END = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, and its type.

    Its words, as a suggestion would find them, stand ``seen`` times in the reviewed articles, and
    ``marked`` times of these people marked exactly them with this type.
    """

    text: str
    type: str
    marked: int
    seen: int

    @property
    def precision(self) -> float:
        """The share of right suggestions to expect: the mean of a Beta distribution."""
        return (self.marked + PRIOR_MARKED) / (self.seen + PRIOR_MARKED + PRIOR_UNMARKED)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names in alphabetical order, ready to be found in texts."""

    names: tuple[Name, ...]
    trie: Trie

    @property
    def digest(self) -> str:
        """Names the very names and what is known about them: 12 hex digits."""
        rows = [[n.text, n.type, n.marked, n.seen] for n in self.names]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]

    def spans_of(self, text: str) -> tuple[ScoredSpan, ...]:
        """The names in a text, in text order; at each place the longest, none within another."""
        return tuple(
            ScoredSpan(start, end, name.type, name.precision)
            for start, end, name in _places(words_of(text), self.trie)
        )


def build_gazetteer(
    marked: Iterable[tuple[str, Sequence[Span]]], minimum_precision: float = MINIMUM_PRECISION
) -> Gazetteer:
    """From texts with all their marked spans.

    A name is written as it was marked, upper and lower case too ("US" is not "us"), with any white
    space between its words but an empty line. Its type is that of most of its marks, if at least
    MINIMUM_SHARE of them have it. Names of a precision below ``minimum_precision`` are left out,
    and the others counted again, since some of them stood within those.
    """
    texts = [(words_of(text), {(s.start, s.end): s.label for s in spans}) for text, spans in marked]
    types = _types(texts)
    names = _counted(texts, types)
    kept = {key for key, name in names.items() if name.precision >= minimum_precision}
    names = _counted(texts, {key: types[key] for key in kept})
    names = {k: n for k, n in names.items() if n.precision >= minimum_precision}
    return Gazetteer(tuple(sorted(names.values(), key=lambda n: n.text)), _trie(names))


def reviewed_gazetteer(reviewed: Iterable[ReviewedArticle]) -> Gazetteer:
    """From the gold of a desk.

    Without its test split: what that holds must not reach an annotator, whose answers train models.
    """
    return build_gazetteer(
        (r.article.text, r.spans) for r in reviewed if r.spans is not None and r.split != "test"
    )


Marked = tuple[list[Word], dict[tuple[int, int], str]]


def _types(texts: Sequence[Marked]) -> dict[Key, str]:
    """Of each name that was marked, its type."""
    votes: dict[Key, Counter[str]] = {}
    for words, spans in texts:
        starts = {word.start: i for i, word in enumerate(words)}
        for (start, end), label in spans.items():
            key = _key(words, starts.get(start), end)
            if key:
                votes.setdefault(key, Counter())[label] += 1
    majority = {key: max(sorted(c), key=c.__getitem__) for key, c in votes.items()}
    return {
        key: label
        for key, label in majority.items()
        if votes[key][label] >= MINIMUM_SHARE * votes[key].total()
    }


def _key(words: Sequence[Word], first: int | None, end: int) -> Key:
    """The words from this one to the end of a span; none if it cuts a word or goes over a gap."""
    if first is None:
        return ()
    after = bisect_left(words, end, lo=first, key=lambda word: word.start)
    key = (words[first].text, *(w.gap + w.text for w in words[first + 1 : after]))
    is_whole = words[after - 1].end == end and not any(part.startswith("\n") for part in key)
    return key if is_whole else ()


def _counted(texts: Sequence[Marked], types: Mapping[Key, str]) -> dict[Key, Name]:
    """Every name with how often it is found, and how often rightly."""
    trie = _trie({key: key for key in types})
    seen: Counter[Key] = Counter()
    right: Counter[Key] = Counter()
    for words, spans in texts:
        for start, end, key in _places(words, trie):
            seen[key] += 1
            right[key] += spans.get((start, end)) == types[key]
    return {key: Name("".join(key), types[key], right[key], seen[key]) for key in types}


def _trie(names: Mapping[Key, Any]) -> Trie:
    trie: Trie = {}
    for key, value in names.items():
        node = trie
        for part in key:
            node = node.setdefault(part, {})
        node[END] = value
    return trie


def _places(words: Sequence[Word], trie: Trie) -> Iterator[tuple[int, int, Any]]:
    """(start, end, what the trie holds): the longest at each place, from left to right."""
    at = 0
    while at < len(words):
        node = trie.get(words[at].text)
        if node is None:
            at += 1
            continue
        found, after = node.get(END), at + 1
        for i in range(at + 1, len(words)):
            node = node.get(words[i].gap + words[i].text)
            if node is None:
                break
            if END in node:
                found, after = node[END], i + 1
        if found is not None:
            yield words[at].start, words[after - 1].end, found
            at = after
        else:
            at += 1
