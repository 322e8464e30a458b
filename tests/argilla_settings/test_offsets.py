"""Offsets behind emoji: what the UI counts, what Python counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argilla_settings.offsets import from_argilla, from_ui, to_utf16
from argilla_settings.shown_text import to_shown
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


EVEN = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\r<&")


@given(st.text(alphabet=EVEN))
def test_without_emoji_line_breaks_of_windows_and_markup_nothing_changes(text: str) -> None:
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


WINDOWS = "One 🚀.\r\n\r\nThen <b>Ada Obi</b> came.\r\nBob &amp; Eve left 🚀 Zoë"


@pytest.mark.parametrize("mention", ["Ada Obi", "Bob", "Eve", "Zoë"])
def test_behind_line_breaks_of_windows_and_markup(mention: str) -> None:
    start = WINDOWS.index(mention)
    wanted = [(start, start + len(mention))]
    shown = WINDOWS.replace("\r\n", "\n").encode("utf-16-le")
    ((low, high),) = to_utf16(WINDOWS, wanted)
    assert shown[2 * low : 2 * high].decode("utf-16-le") == mention
    assert from_argilla(WINDOWS, [(low, high)]) == wanted
    assert high <= len(to_shown(WINDOWS))


def test_a_script_counts_in_the_text_as_argilla_stores_it() -> None:
    stored, start = to_shown(WINDOWS), WINDOWS.index("Ada Obi")
    at = stored.index("Ada Obi")
    assert at != start
    assert from_argilla(WINDOWS, [(at, at + 7)]) == [(start, start + 7)]


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("<b>快讯</b>:国家主席习近平在北京会见外宾,随后前往上海。", "北京"),
        ("😀😀外宾到北京去了。", "北京"),
        ("R&amp;D: <b>Donaudampfschifffahrt</b> wächst.", "dampf"),
        ("<p>กรุงเทพเป็นเมืองหลวง</p>", "กรุงเทพ"),
        ("😀 김하나가 서울에서 왔다", "서울"),
    ],
)
def test_a_part_of_a_word_marked_in_the_browser_stays_where_it_was(text: str, mention: str) -> None:
    """Also in scripts without blanks, where every edge lies between letters."""
    start = text.index(mention)
    wanted = [(start, start + len(mention))]
    assert from_argilla(text, to_utf16(text, wanted)) == wanted
    assert from_ui(text, to_utf16(text, wanted)) == wanted


@given(st.text(st.sampled_from("北京在国家<b>&amp;😀🚀\r\n a"), max_size=40), st.data())
def test_what_copydesk_suggested_is_read_as_it_was_written(text: str, data: st.DataObject) -> None:
    at = st.integers(0, len(text))
    ranges = [tuple(sorted(data.draw(st.tuples(at, at)))) for _ in range(2)]
    wanted = [(start, end) for start, end in ranges if start < end]
    crossing = any(text[edge - 1 : edge + 1] == "\r\n" for pair in wanted for edge in pair)
    if not crossing and not text.endswith("\r"):
        found = from_ui(text, to_utf16(text, wanted))
        assert [text[s:e].strip("\r") for s, e in found] == [
            text[s:e].strip("\r") for s, e in wanted
        ]


def test_what_was_marked_of_the_padding_is_left_out() -> None:
    assert from_argilla("🚀🚀 Ada", [(5, 10)]) == [(3, 6)]


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
    # The browser has one character for a line's end.
    units = text.replace("\r\n", "\n").encode("utf-16-le")
    drawn = [units[2 * v["start"] : 2 * v["end"]].decode("utf-16-le") for v in suggestion.value]
    assert [" ".join(name.split()) for name in drawn] == ["Ada Obi"] * len(spans)
    assert spans
    assert len(suggestion.score or []) == len(drawn)
    assert suggestion.agent == prediction.spans_agent
