"""Two tokenizers on the same texts: how finely they cut, and what they do not know."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from transformers import PreTrainedTokenizerBase

BATCH = 500


@dataclass(slots=True)
class Counts:
    """What one tokenizer makes of some texts."""

    tokens: int = 0
    unknown: int = 0


@dataclass(slots=True)
class Texts:
    """Some texts, and what each tokenizer makes of them. A word is what white space encloses."""

    texts: int = 0
    words: int = 0
    characters: int = 0
    counts: dict[str, Counts] = field(default_factory=lambda: {"old": Counts(), "new": Counts()})

    def add(self, other: "Texts") -> None:
        """Count those texts, too."""
        self.texts += other.texts
        self.words += other.words
        self.characters += other.characters
        for side, counts in other.counts.items():
            self.counts[side].tokens += counts.tokens
            self.counts[side].unknown += counts.unknown

    def to_dict(self) -> dict[str, Any]:
        """Counts, and for each side tokens a word, characters a token, share of unknown tokens."""
        sides = {
            side: {
                "tokens": c.tokens,
                "tokens_per_word": _ratio(c.tokens, self.words),
                "characters_per_token": _ratio(self.characters, c.tokens),
                "unknown_share": _ratio(c.unknown, c.tokens),
            }
            for side, c in self.counts.items()
        }
        return {"texts": self.texts, "words": self.words, "characters": self.characters, **sides}


def compare(
    old: PreTrainedTokenizerBase,
    new: PreTrainedTokenizerBase,
    texts: Iterable[tuple[str, str]],
) -> dict[str, Texts]:
    """(source, text) → "all" → counts, then each source of several; a text's own special tokens
    do not count.
    """
    found: dict[str, Texts] = defaultdict(Texts)
    given = iter(texts)
    while batch := list(islice(given, BATCH)):
        by_source: dict[str, list[str]] = defaultdict(list)
        for source, text in batch:
            by_source[source].append(text)
        for source, group in by_source.items():
            counted = _count(old, new, group)
            found[source].add(counted)
    whole = Texts()
    for part in found.values():
        whole.add(part)
    return {"all": whole, **(dict(sorted(found.items())) if len(found) > 1 else {})}


def _count(old: PreTrainedTokenizerBase, new: PreTrainedTokenizerBase, texts: list[str]) -> Texts:
    found = Texts(len(texts), sum(len(t.split()) for t in texts), sum(map(len, texts)))
    for side, tokenizer in (("old", old), ("new", new)):
        # Not cut at the model's length: nobody asks a model here.
        rows = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        unknown = tokenizer.unk_token_id
        found.counts[side] = Counts(
            sum(map(len, rows)), sum(row.count(unknown) for row in rows if unknown is not None)
        )
    return found


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
