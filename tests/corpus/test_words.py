"""Spans of odd texts: whole characters, no white space around them, nothing outside the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.articles import ScoredSpan
from corpus.words import CLUSTER, apart, distinct, whole_span, whole_spans, words_of

ODD = ["Ada", " ", "\r\n", "\u00a0", "e\u0301", "\u200f", "שלום"]
ODD += ["🚀", "👩‍🚀", "🇳🇿", "👍🏽", "❤\ufe0f", "क\u093f"]
texts = st.lists(st.sampled_from([*ODD, "\u0301", "한국", "x", "\n"]), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "cut", "whole"),
    [
        ("see  Ada \r\n", "  Ada \r\n", "Ada"),
        ("a\u00a0Ada\u00a0b", "\u00a0Ada\u00a0", "Ada"),
        ("Jose\u0301 ran", "Jose", "Jose\u0301"),
        ("by 👩‍🚀 Ada", "👩", "👩‍🚀"),
        ("by 👍🏽!", "🏽", "👍🏽"),
        ("in 🇳🇿🇫🇷", "🇿🇫", "🇳🇿🇫🇷"),
        ("श्री दिल\u094dली में", "दिल", "दिल\u094dली"),
        ("I ❤\ufe0f it", "❤", "❤\ufe0f"),
        ("הוא גר בירושלים.", "בירושלים", "בירושלים"),
    ],
)
def test_a_cut_character_is_taken_whole_and_blanks_are_left_out(
    text: str, cut: str, whole: str
) -> None:
    start = text.index(cut)
    found = whole_span(text, start, start + len(cut))
    assert found is not None
    assert text[found[0] : found[1]] == whole


def test_flags_are_paired_from_where_they_begin() -> None:
    text = "x" + "🇳🇿" * 50
    assert whole_span(text, 2, 3) == (1, 3)
    assert whole_span(text, 99, 100) == (99, 101)


def test_nothing_is_left_of_blanks_or_of_what_stands_outside() -> None:
    for text in ("a \r\n\u00a0", "é \r\n\u00a0"):
        assert whole_span(text, 1, 99) is None
        assert whole_span(text, 40, 50) is None
        assert whole_span(text, 1, 1) is None
        assert whole_span(text, -5, 99) == (0, 1)


@given(texts, st.integers(-2, 20), st.integers(-2, 20))
def test_every_span_is_whole_and_the_smallest_that_is(text: str, start: int, end: int) -> None:
    found = whole_span(text, start, end)
    characters = [m.span() for m in CLUSTER.finditer(text)]
    inked = [c for c in characters if not text[c[0]].isspace()]
    inside = max(start, 0) < min(end, len(text))
    touched = [c for c in inked if inside and start < c[1] and c[0] < end]
    assert found == ((touched[0][0], touched[-1][1]) if touched else None)


@given(texts)
def test_words_hold_all_but_white_space_and_no_character_is_cut(text: str) -> None:
    words = words_of(text)
    edges = {edge for m in CLUSTER.finditer(text) for edge in m.span()}
    # A mark on a blank is a word of its own.
    edges |= {i + 1 for i, letter in enumerate(text) if letter.isspace()}
    assert {w.start for w in words} | {w.end for w in words} <= edges
    inked = "".join(text.split())
    assert "".join("".join(w.text.split()) for w in words) == inked
    assert [text[w.start : w.end] for w in words] == [w.text for w in words]


def test_scores_stay_in_bounds_and_of_overlapping_spans_the_surer_stays() -> None:
    spans = [ScoredSpan(0, 3, "a", 1.2), ScoredSpan(2, 9, "b", -0.1), ScoredSpan(4, 6, "c", 0.5)]
    whole = whole_spans("Ada Obi ran", spans)
    assert [s.score for s in whole] == [1.0, 0.0, 0.5]
    assert [s.label for s in apart(whole)] == ["a", "c"]
    assert [s.label for s in apart([spans[2], spans[0]])] == ["a", "c"]
    assert distinct([*whole, ScoredSpan(4, 6, "c", 0.9)]) == (
        *whole[:2],
        ScoredSpan(4, 6, "c", 0.9),
    )


def test_long_articles_cost_little() -> None:
    text = "नमस\u094dते दुनिया 👩‍🚀 " * 3000
    assert len(text) > 50_000
    spans = [ScoredSpan(i, i + 3, "a", 0.5) for i in range(0, len(text), 25)]
    found = whole_spans(text, spans)
    assert len(found) > len(spans) // 2
    assert all(s.end <= len(text) for s in found)
