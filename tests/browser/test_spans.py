"""Marking spans in a plain text."""

from playwright.sync_api import Page, expect

from tests.browser.annotating import (
    choose_entity_type,
    choose_topic,
    entity_type_box,
    open_article,
    press_digit,
    submit,
)
from tests.browser.articles import PLAIN
from tests.browser.desk import ReviewDesk, pulled_answer
from tests.browser.marking import double_click, drag, drag_characters


def test_by_dragging(page: Page, desk: ReviewDesk) -> None:
    """Words at the edges are completed; the second Obi is told from the first."""
    open_article(page, desk, "dragged")
    choose_topic(page, "World")
    choose_entity_type(page, "person")
    drag(page, "da Ob")
    choose_entity_type(page, "organization")
    drag(page, "Obi Mining")
    submit(page)
    answer = pulled_answer(desk, "dragged")
    assert answer.mentions == [("Ada Obi", "person"), ("Obi Mining", "organization")]
    assert [s.start for s in answer.spans or ()] == [PLAIN.index("Ada"), PLAIN.rindex("Obi")]


def test_by_double_click(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "doubleclicked")
    choose_topic(page, "World")
    choose_entity_type(page, "location")
    double_click(page, "Kestrel")
    submit(page)
    assert pulled_answer(desk, "doubleclicked").mentions == [("Kestrel", "location")]


def test_by_dragging_backward(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "backward")
    choose_topic(page, "World")
    choose_entity_type(page, "person")
    drag(page, "Jean-Luc Okafor", backward=True)
    submit(page)
    assert pulled_answer(desk, "backward").mentions == [("Jean-Luc Okafor", "person")]


def test_characters_with_shift(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "characters")
    choose_topic(page, "World")
    choose_entity_type(page, "location")
    drag_characters(page, "estre")
    drag_characters(page, "inin", backward=True)
    submit(page)
    answer = pulled_answer(desk, "characters")
    assert answer.mentions == [("estre", "location"), ("inin", "location")]


def test_the_type_by_digit(page: Page, desk: ReviewDesk) -> None:
    """Once the question of entities has the focus, digits choose its types."""
    open_article(page, desk, "typedigit")
    press_digit(page, 1)
    page.keyboard.press("ArrowDown")
    press_digit(page, 3)
    expect(entity_type_box(page, "location")).to_be_checked()
    drag(page, "Kestrel")
    submit(page)
    answer = pulled_answer(desk, "typedigit")
    assert (answer.topic, answer.mentions) == ("World", [("Kestrel", "location")])
