"""What Argilla stores of a text, against HTML as Python's own parser reads it."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argilla_settings.shown_text import PADDING, from_shown, positions, to_shown, units_shown

MARKUP = [
    "a",
    "Ada ",
    "&",
    "&#38;",
    "&#60;",
    "&amp;",
    "&copy",
    "#38;",
    "lt;",
    "<",
    "<b>",
    "</",
    "<!",
    "3",
]
OTHERS = ["🚀", "👩‍🚀", "\r\n", "\r", "\n", PADDING, "é"]
TEXTS = st.lists(st.sampled_from([*MARKUP, *OTHERS]), max_size=12).map("".join)


class Shown(HTMLParser):
    """Collects the text; a tag or a comment fails."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        raise AssertionError(f"a browser reads a tag {tag}")

    handle_comment = handle_decl = handle_endtag = handle_starttag  # type: ignore[assignment]


@given(TEXTS)
def test_a_text_comes_back_and_is_shown_as_it_is(text: str) -> None:
    stored = to_shown(text)
    assert from_shown(stored) == text
    parser = Shown()
    parser.feed(stored)
    parser.close()
    assert parser.text[: len(text)] == html.unescape(stored)[: len(text)] == text
    assert set(parser.text[len(text) :]) <= {PADDING}
    assert units_shown(text) <= len(stored)


@given(TEXTS)
def test_positions_lead_to_the_same_character(text: str) -> None:
    stored = to_shown(text)
    found = positions(stored)
    assert len(found) == len(stored) + 1
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, len(text))
    plain = [(char, text[at]) for char, at in zip(stored, found, strict=False) if at < len(text)]
    assert all(one == other for one, other in plain if other not in "&<")


@pytest.mark.parametrize(
    "text", ["AT&T, R&D and 3 < 4", "Tom & Jerry <3", "Café\r\nŁódź", "one &unknown; two", ""]
)
def test_what_no_browser_misreads_stays_as_it_is(text: str) -> None:
    assert to_shown(text) == text


@pytest.mark.parametrize("stored", ["<b>Ada</b> &amp; 🚀", "🚀 Ada", "Ada 🚀 <i>"])
def test_a_text_stored_before_this_rule_stays_as_it_is(stored: str) -> None:
    assert from_shown(stored) == stored
