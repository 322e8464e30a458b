"""Spans behind emoji, accents, line breaks and markup, and in other scripts, to the code point."""

import pytest
from playwright.sync_api import Page

from tests.browser.annotating import (
    FIELD,
    choose_entity_type,
    choose_topic,
    open_article,
    submit,
)
from tests.browser.articles import EMOJI, MARKUP, WINDOWS
from tests.browser.conftest import Picture
from tests.browser.desk import Answer, ReviewDesk, pulled_answer
from tests.browser.marking import drag


def marked(page: Page, desk: ReviewDesk, word: str, mention: str) -> Answer:
    """The answer of somebody who drags over one mention."""
    open_article(page, desk, word)
    choose_topic(page, "World")
    choose_entity_type(page, "person")
    drag(page, mention)
    submit(page)
    return pulled_answer(desk, word)


@pytest.mark.parametrize("word", sorted(EMOJI))
def test_behind_emoji_and_accents(page: Page, desk: ReviewDesk, word: str) -> None:
    """Joined emoji, flags, keycaps, skin tones, combining accents; also where the text ends."""
    answer = marked(page, desk, word, "Ada Obi")
    assert answer.mentions == [("Ada Obi", "person")]


@pytest.mark.parametrize(
    ("word", "mention"),
    [("hebrew", "שרה כהן"), ("arabic", "ليلى حداد"), ("chinese", "李华")],
)
def test_scripts_without_capital_letters(
    page: Page, desk: ReviewDesk, word: str, mention: str
) -> None:
    """From right to left, and without blanks: exactly what was dragged over."""
    answer = marked(page, desk, word, mention)
    assert answer.mentions == [(mention, "person")]


def test_combining_accents_inside(page: Page, desk: ReviewDesk) -> None:
    surname = "Zoe\u0301 Pe\u0301rez"
    assert marked(page, desk, "surname", surname).mentions == [(surname, "person")]


def test_words_with_combining_accents_are_not_completed(page: Page, desk: ReviewDesk) -> None:
    """A limit of the UI, which docs/review.md tells annotators."""
    assert marked(page, desk, "halfname", "ez").mentions == [("rez", "person")]


def test_blanks_that_were_dragged_over_are_left_out(page: Page, desk: ReviewDesk) -> None:
    """In a script without capital letters Argilla keeps them."""
    open_article(page, desk, "sloppy")
    choose_topic(page, "World")
    choose_entity_type(page, "person")
    drag(page, " שרה כהן ")
    (value,) = submit(page)["values"]["entities"]["value"]
    assert value["end"] - value["start"] == len(" שרה כהן ")
    assert pulled_answer(desk, "sloppy").mentions == [("שרה כהן", "person")]


def test_several_scripts_in_one_line(page: Page, desk: ReviewDesk, picture: Picture) -> None:
    """What of another direction stands between is not touched."""
    open_article(page, desk, "mixed")
    choose_topic(page, "World")
    wanted = [
        ("Haifa", "location"),
        ("הארץ", "organization"),
        ("דוד לוי", "person"),
        ("Ada Obi", "person"),
        ("حلب", "location"),
    ]
    for mention, entity_type in wanted:
        choose_entity_type(page, entity_type)
        drag(page, mention)
    picture(page, "review_scripts.png", 480)
    submit(page)
    assert pulled_answer(desk, "mixed").mentions == wanted


def test_behind_line_breaks_of_windows(page: Page, desk: ReviewDesk) -> None:
    """The browser shows two characters as one; a suggestion stands where it belongs, too."""
    answer = marked(page, desk, "windows", "Ada Obi")
    assert answer.mentions == [("Ada Obi", "person"), ("Bob Ray", "person")]
    (shown,) = answer.entry.suggested_spans or ()
    assert WINDOWS[shown.start : shown.end] == "Bob Ray"


def test_behind_what_looks_like_markup(page: Page, desk: ReviewDesk) -> None:
    """It is shown as it is written, and nothing of it runs in an annotator's browser."""
    open_article(page, desk, "markup")
    assert page.text_content(FIELD) == MARKUP
    assert page.evaluate("window.ran") is None
    answer = marked(page, desk, "markup", "Ada Obi")
    assert answer.mentions == [("Ada Obi", "person")]
