"""Offsets behind emoji: what the UI counts, what Python counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argilla_settings.offsets import from_argilla, to_utf16
from argilla_settings.suggestions import to_suggestions
from corpus.articles import Prediction, Span
from corpus.gazetteer import build_gazetteer
from corpus.words import apart, whole_spans

TEXT = "👩‍🚀🚀 Commander Ada Obi reached 🇳🇿 Aotearoa."


def test_units_are_those_of_utf16() -> None:
    start = TEXT.index("Obi")
    ((low, high),) = to_utf16(TEXT, [(start, start + 3)])
    encoded = TEXT.encode("utf-16-le")
    assert encoded[2 * low : 2 * high].decode("utf-16-le") == "Obi"
    assert low == start + 3


@pytest.mark.parametrize("mention", ["Commander", "Ada Obi", "Aotearoa", "🇳🇿", "👩‍🚀🚀"])
def test_marked_in_the_browser_or_by_a_script(mention: str) -> None:
    start = TEXT.index(mention)
    wanted = [(start, start + len(mention))]
    assert from_argilla(TEXT, to_utf16(TEXT, wanted)) == wanted
    if mention[0].isalpha():
        assert from_argilla(TEXT, wanted) == wanted


def test_a_range_that_is_no_utf16_range_is_code_points() -> None:
    text = "🚀🚀 Ada"
    assert from_argilla(text, [(1, 2)]) == [(1, 2)]
    assert from_argilla(text, [(3, 6)]) == [(3, 6)]
    assert from_argilla(text, []) == []


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_without_astral_characters_nothing_changes(text: str) -> None:
    ranges = [(i, i + 1) for i in range(len(text))]
    assert to_utf16(text, ranges) == from_argilla(text, ranges) == ranges


@given(st.lists(st.sampled_from(["🚀", "Ada", "Rīga", "é", "👩‍🚀", "x1"]), min_size=1, max_size=8))
def test_every_word_survives_both_ways(words: list[str]) -> None:
    text = " ".join(words)
    ranges, position = [], 0
    for word in words:
        ranges.append((position, position + len(word)))
        position += len(word) + 1
    assert from_argilla(text, to_utf16(text, ranges)) == ranges


@pytest.mark.parametrize(
    "text",
    [
        "🚀🚀 Ada Obi, " * 4000 + "the end of it all." + " " * 8000,
        "🇳🇿\r\nAda Obi\u00a0👩‍🚀 plain end",
        "שלום Ada Obi \u200fAda\u00a0Obi, e\u0301nd",
        "👩‍🚀 " * 50 + "Ada Obi",
    ],
    ids=["long", "lines", "right-to-left", "end"],
)
def test_suggested_names_are_what_the_browser_would_draw(text: str) -> None:
    names = build_gazetteer([("Ada Obi ran.", [Span(0, 7, "person")])])
    spans = apart(whole_spans(text, names.spans_of(text)))
    prediction = Prediction("a", spans=spans, spans_agent=f"gazetteer:{names.digest}")
    (suggestion,) = to_suggestions(prediction, text)
    units = text.encode("utf-16-le")
    drawn = [units[2 * v["start"] : 2 * v["end"]].decode("utf-16-le") for v in suggestion.value]
    # Argilla's server refuses what lies behind the length in code points.
    shown = 0 if text.endswith("Ada Obi") else len(spans)
    assert [" ".join(name.split()) for name in drawn] == ["Ada Obi"] * shown
    assert spans
    assert len(suggestion.score or []) == len(drawn)
    assert suggestion.agent == prediction.spans_agent
