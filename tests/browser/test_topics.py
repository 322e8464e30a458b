"""Choosing a topic."""

from playwright.sync_api import Page, expect

from tests.browser.annotating import choose_topic, chosen_topic, open_article, press_digit, submit
from tests.browser.desk import ReviewDesk, pulled_answer


def test_by_mouse(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "mousetopic")
    choose_topic(page, "Sci/Tech")
    submit(page)
    answer = pulled_answer(desk, "mousetopic")
    assert (answer.topic, answer.spans) == ("Sci/Tech", ())
    assert answer.entry.suggested_topic is None


def test_by_digit_and_enter(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "digittopic")
    press_digit(page, 2)
    expect(chosen_topic(page)).to_contain_text("Sports")
    submit(page, key="Enter")
    assert pulled_answer(desk, "digittopic").topic == "Sports"
