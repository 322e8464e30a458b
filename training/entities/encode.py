"""Spans in code points → token tags, with windows over long articles; nothing lost in silence.

Rules: a span outside the text is dropped; white space at the ends of a span is left out; of
overlapping spans the longest is kept, then the first; a span that cuts a token takes the whole
token; a span without a token of its own is dropped. Each is counted.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.articles import Span, without_overlaps
from training.entities.schemes import OUTSIDE, tag_names

IGNORED = -100
# Half of a UTF-16 pair, as broken JSON leaves it: no tokenizer takes it.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a text that fits the model: token ids, tags, and the code points of each token.

    ``offsets`` holds (0, 0) for special tokens; ``owned`` says which tokens count when windows
    overlap: each token counts in the window where it stands furthest from an edge.
    """

    text_index: int
    input_ids: list[int]
    labels: list[int]
    offsets: list[tuple[int, int]]
    owned: list[bool]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Windows of several texts, how often each rule was needed, and in which texts (positions)."""

    windows: list[Window]
    repairs: Counter[str]
    repaired: dict[str, list[int]]

    @classmethod
    def empty(cls) -> "Encoded":
        """Of no text at all."""
        return cls([], Counter(), {})


def encode(
    tokenizer: Any,
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]] | None,
    entity_types: Sequence[str],
    max_length_tokens: int,
    stride_tokens: int,
) -> Encoded:
    """Cut each text into windows of at most ``max_length_tokens`` that share ``stride_tokens``.

    Without ``spans`` (prediction) every label is O.
    """
    names = tag_names(entity_types)
    repairs: Counter[str] = Counter()
    repaired: dict[str, list[int]] = {}
    found = tokenizer(
        [LONE_SURROGATE.sub("\ufffd", text) for text in texts],
        truncation=True,
        max_length=max_length_tokens,
        stride=min(stride_tokens, max_length_tokens // 2),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    of_text: dict[int, list[int]] = {}
    for number, text_index in enumerate(found["overflow_to_sample_mapping"]):
        of_text.setdefault(text_index, []).append(number)
    windows = []
    for text_index, numbers in of_text.items():
        text = texts[text_index]
        offsets = [[trimmed(text, *pair) for pair in found["offset_mapping"][n]] for n in numbers]
        marked = () if spans is None else spans[text_index]
        needed: Counter[str] = Counter()
        starts = first_tokens(resolved(text, marked, needed), offsets, needed)
        repairs += needed
        for rule in needed:
            repaired.setdefault(rule, []).append(text_index)
        for number, pairs, own in zip(numbers, offsets, owners(offsets), strict=True):
            labels = to_labels(pairs, starts, names)
            windows.append(Window(text_index, found["input_ids"][number], labels, pairs, own))
    return Encoded(windows, repairs, repaired)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space at the ends; all white space stays as it is.

    Tokenizers of the sentencepiece kind put the space before a word into its token.
    """
    inner = text[start:end].strip()
    if not inner:
        return start, end
    start += text[start:end].index(inner[0])
    return start, start + len(inner)


def resolved(text: str, marked: Sequence[Span], repairs: Counter[str]) -> list[Span]:
    """Gold spans that are trimmed and do not overlap; what that changed is counted."""
    inside = [span for span in marked if 0 <= span.start < span.end <= len(text)]
    clean = [Span(*trimmed(text, span.start, span.end), span.label) for span in inside]
    wanted = without_overlaps(clean)
    for rule, count in (
        ("span outside the text dropped", len(marked) - len(inside)),
        ("white space taken off span", sum(a != b for a, b in zip(clean, inside, strict=True))),
        ("overlapping span dropped", len(clean) - len(wanted)),
    ):
        if count:
            repairs[rule] += count
    return wanted


def first_tokens(
    spans: Sequence[Span], windows: Sequence[Sequence[tuple[int, int]]], repairs: Counter[str]
) -> dict[Span, tuple[int, int]]:
    """The first token of each span, over all windows; spans left without a token are dropped.

    A token that two spans cut belongs to the first of them.
    """
    tokens = sorted({pair for window in windows for pair in window if pair[0] != pair[1]})
    position = taken_to = 0
    starts: dict[Span, tuple[int, int]] = {}
    for span in sorted(spans):
        while position < len(tokens) and (
            tokens[position][1] <= span.start or tokens[position][0] < taken_to
        ):
            position += 1
        end = bisect_left(tokens, (span.end,), lo=position)
        touched = tokens[position:end]
        if not touched:
            repairs["span without token dropped"] += 1
            continue
        if touched[0][0] < span.start or touched[-1][1] > span.end:
            repairs["span widened to whole tokens"] += 1
        starts[span] = touched[0]
        taken_to = touched[-1][1]
        position = end
    return starts


def to_labels(
    offsets: Sequence[tuple[int, int]],
    starts: Mapping[Span, tuple[int, int]],
    names: Sequence[str],
) -> list[int]:
    """A tag id for each token; special tokens get the id that losses ignore.

    ``starts`` are in text order. A window that begins inside a span begins with I-: windows are
    joined again to predict.
    """
    index = {name: i for i, name in enumerate(names)}
    spans, firsts = list(starts), [first[0] for first in starts.values()]
    labels: list[int] = []
    previous: Span | None = None
    for pair in offsets:
        if pair[0] == pair[1]:
            labels.append(IGNORED)
            continue
        last = bisect_right(firsts, pair[0]) - 1
        inside = spans[last] if last >= 0 and pair[0] < spans[last].end else None
        if inside is None:
            labels.append(index[OUTSIDE])
        else:
            # Byte-level tokenizers give one character several tokens: only one begins the span.
            begins = pair == starts[inside] and inside is not previous
            labels.append(index[f"{'B' if begins else 'I'}-{inside.label}"])
        previous = inside
    return labels


def owners(windows: Sequence[Sequence[tuple[int, int]]]) -> list[list[bool]]:
    """For each token of each window, whether this window's prediction counts for it."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for number, window in enumerate(windows):
        for position, pair in enumerate(window):
            distance = min(position, len(window) - 1 - position)
            if pair not in best or distance > best[pair][0]:
                best[pair] = (distance, number)
    return [
        [pair[0] != pair[1] and best[pair][1] == number for pair in window]
        for number, window in enumerate(windows)
    ]
