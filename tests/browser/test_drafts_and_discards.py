"""What is not submitted is no answer."""

from playwright.sync_api import Page, expect

from corpus.review_state import open_ledger, resolve_ledger
from tests.browser.annotating import (
    choose_topic,
    chosen_topic,
    discard,
    open_article,
    save_draft,
    submit,
)
from tests.browser.desk import ReviewDesk, pulled_answer


def answers_that_count(desk: ReviewDesk) -> int:
    return resolve_ledger(desk.desk, open_ledger(desk.desk)).gold.answers


def test_a_draft_waits_until_it_is_submitted(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "drafted")
    choose_topic(page, "Sports")
    assert save_draft(page, key="Control+s")["status"] == "draft"
    drafted = pulled_answer(desk, "drafted")
    assert (drafted.entry.response.status, drafted.topic) == ("draft", "Sports")
    before = answers_that_count(desk)
    open_article(page, desk, "drafted", status="draft")
    expect(chosen_topic(page)).to_contain_text("Sports")
    submit(page, key="Enter")
    submitted = pulled_answer(desk, "drafted")
    assert (submitted.entry.response.status, submitted.topic) == ("submitted", "Sports")
    assert answers_that_count(desk) == before + 1


def test_a_discard_is_no_answer_although_it_carries_suggestions(
    page: Page, desk: ReviewDesk
) -> None:
    open_article(page, desk, "discarded")
    sent = discard(page, key="Backspace")
    assert sent["status"] == "discarded"
    assert sent["values"]["topic"]["value"] == "World"
    before = answers_that_count(desk)
    answer = pulled_answer(desk, "discarded")
    assert answer.entry.response.status == "discarded"
    assert (answer.topic, answer.spans) == (None, None)
    assert answers_that_count(desk) == before
