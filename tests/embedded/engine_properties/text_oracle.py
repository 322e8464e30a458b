"""Which documents a text query finds, in plain Python."""

import itertools
from typing import Any

from tests.embedded.engine_properties import query_parser as q
from tests.embedded.engine_properties.analyzer import analyze, lower
from tests.embedded.engine_properties.oracle import Document
from tests.embedded.engine_properties.schema import Schema

# Elasticsearch's distance between the values of a list, so that no phrase crosses them.
GAP = 100
MAX_VARIANTS = 10
Tokens = list[tuple[int, str]]


def means_something(node: q.Node) -> bool:
    """Whether a leaf has a token; beginnings and words with mistakes are not analyzed."""
    if isinstance(node, q.Word) and (node.prefix or node.edits):
        return True
    return not isinstance(node, q.Word | q.Phrase) or bool(analyze(node.text))


class TextOracle:
    """The searched fields of all documents."""

    def __init__(self, schema: Schema, documents: list[Document]) -> None:
        self.schema = schema
        self.texts = {d.id: self._texts(d) for d in documents}

    def _texts(self, document: Document) -> dict[str, Tokens]:
        s, found = self.schema, {}
        for name in (s.text, s.title):
            found[name] = _positions([document.fields.get(name) or ""])
        chat = document.fields.get(s.chat) or []
        found[s.chat] = _positions([message["content"] for message in chat])
        custom = document.fields.get(s.custom)
        found[s.custom] = _positions(["" if custom is None else str(custom)])
        return found

    def find(self, text: str, field: str | None) -> set[str]:
        """Ids of the documents found."""
        node = q.parse(text, means_something)
        if node is None:
            return set()
        if node == "*":
            return set(self.texts)
        assert not isinstance(node, str)
        return self._find(node, field)

    def _find(self, node: q.Node, field: str | None) -> set[str]:
        if isinstance(node, q.Not):
            return set(self.texts) - self._find(node.node, field)
        if isinstance(node, q.Both):
            left, right = self._find(node.left, field), self._find(node.right, field)
            return left & right if node.operator == "AND" else left | right
        fields = [field] if field else list(next(iter(self.texts.values()), {}))
        return {
            document
            for name in fields
            for document in self.texts
            if self._hit(node, document, name)
        }

    def _hit(self, node: Any, document: str, name: str) -> bool:
        tokens = self.texts[document].get(name, [])
        if isinstance(node, q.Phrase):
            return _has_phrase(tokens, analyze(node.text), node.slop)
        words = {token for _, token in tokens}
        if node.prefix:
            start = lower(node.text)
            return any(word.startswith(start) for word in words)
        if node.edits:
            return bool(words & self._variants(lower(node.text), node.edits, name))
        return set(analyze(node.text)) <= words

    def _variants(self, word: str, edits: int, name: str) -> set[str]:
        vocabulary = {token for texts in self.texts.values() for _, token in texts.get(name, [])}
        near = [other for other in vocabulary if _near(word, other, edits)]
        assert len(near) <= MAX_VARIANTS, "more variants than Argilla asks for: which ones is open"
        return set(near)


def _positions(values: list[str]) -> Tokens:
    found: Tokens = []
    start = 0
    for value in values:
        tokens = analyze(value)
        found += [(start + i, token) for i, token in enumerate(tokens)]
        start += len(tokens) + GAP
    return found


def _has_phrase(tokens: Tokens, words: list[str], slop: int) -> bool:
    """Lucene's sloppy phrase: how far the words, each moved to its place, lie apart."""
    places = [[at - i for at, token in tokens if token == word] for i, word in enumerate(words)]
    if not words or not all(places):
        return False
    for chosen in itertools.product(*places):
        real = [at + i for i, at in enumerate(chosen)]
        if len(set(real)) == len(real) and max(chosen) - min(chosen) <= slop:
            return True
    return False


def _near(a: str, b: str, edits: int) -> bool:
    """Whether so few edits lead from one to the other, fewer than either is long."""
    distance = _distance(a, b)
    return distance <= edits and (distance == 0 or distance < min(len(a), len(b)))


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (char != other))
    return row[-1]
