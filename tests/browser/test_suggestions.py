"""Accepting what is suggested, and correcting it."""

from playwright.sync_api import Page, expect

from tests.browser.annotating import (
    badges,
    change_type,
    choose_topic,
    chosen_topic,
    open_article,
    remove_span,
    submit,
)
from tests.browser.desk import ReviewDesk, pulled_answer


def test_enter_accepts(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "accepted")
    expect(chosen_topic(page)).to_contain_text("World")
    expect(badges(page)).to_have_count(2)
    submit(page, key="Enter")
    answer = pulled_answer(desk, "accepted")
    assert answer.topic == "World"
    assert answer.mentions == [("Ada Obi", "person"), ("Kestrel", "location")]
    assert answer.entry.suggested_topic == "World"
    assert answer.entry.topic_agent == "test:model"
    assert [span.span() for span in answer.entry.suggested_spans or ()] == list(answer.spans or ())


def test_another_label(page: Page, desk: ReviewDesk) -> None:
    """The answer is the annotator's; what was suggested stands beside it."""
    open_article(page, desk, "relabelled")
    choose_topic(page, "Business")
    submit(page)
    answer = pulled_answer(desk, "relabelled")
    assert (answer.topic, answer.entry.suggested_topic) == ("Business", "World")
    assert answer.mentions == [("Ada Obi", "person")]


def test_a_suggested_span_removed(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "unmarked")
    expect(badges(page)).to_have_count(2)
    remove_span(page, 1)
    submit(page)
    answer = pulled_answer(desk, "unmarked")
    assert answer.mentions == [("Ada Obi", "person")]
    assert len(answer.entry.suggested_spans or ()) == 2


def test_a_suggested_span_of_another_type(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "retyped")
    change_type(page, 0, "location")
    submit(page)
    assert pulled_answer(desk, "retyped").mentions == [("Kestrel", "location")]
