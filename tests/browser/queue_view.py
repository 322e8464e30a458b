"""What an annotator does with the queue: filter, sort, find similar records, label in bulk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.annotating import LISTENING
from tests.browser.desk import ReviewDesk

TITLE = ".record__content [id^='fields-content']"


def open_queue(page: Page, desk: ReviewDesk, **query: str) -> None:
    """The pending records, from the first, by the UI's own parameters of the address."""
    page.goto(desk.address(**query))
    page.wait_for_selector(LISTENING, state="attached")


def filter_by(page: Page, title: str, value: str) -> Mapping[str, Any]:
    """By the menu of filters: a metadata property by its title, and one of its values."""
    page.click(".filters__filter-button")
    page.click(".metadata-filter .filter-button__button")
    page.locator(".metadata-filter .category__item", has_text=title).click()
    item = page.locator(".labels-selector__item", has_text=value)
    return searched(page, item.click)


def sort_by(page: Page, title: str) -> Mapping[str, Any]:
    """By the menu of orders: any metadata property by its title, from low to high."""
    page.click(".sort-filter .filter-button__button")
    item = page.locator(".sort-categories__item", has_text=title)
    return searched(page, item.click)


def reverse_order(page: Page) -> Mapping[str, Any]:
    """By the arrow beside the property, in the menu that is still open."""
    return searched(page, lambda: page.click(".sort-selector-item__direction"))


def find_similar(page: Page) -> Mapping[str, Any]:
    """To the record that is open."""
    return searched(page, lambda: page.click("button:has-text('Find similar')"))


def show_in_bulk(page: Page) -> Mapping[str, Any]:
    """Several records below each other, with one form for all that are selected."""
    return searched(page, lambda: page.click("[aria-label='Switch to Bulk Mode']"))


def select_records(page: Page, numbers: Sequence[int]) -> None:
    """By their boxes, in the order on the page."""
    for number in numbers:
        page.locator(".bulk__records .fields__checkbox").nth(number).click()


def wait_for_record(page: Page, word: str) -> str:
    """Until the open record's title begins so; returns its first word."""
    title = page.locator(TITLE).first
    expect(title).to_contain_text(word)
    return title.inner_text().split()[0]


def searched(page: Page, gesture: Callable[[], object]) -> Mapping[str, Any]:
    """What the server found for the queue after a gesture."""
    with page.expect_response(lambda answer: "/records/search" in answer.url) as found:
        gesture()
    answer: Mapping[str, Any] = found.value.json()
    return answer


def found_ids(answer: Mapping[str, Any]) -> list[str]:
    """External ids, in the order of the queue."""
    return [item["record"]["external_id"] for item in answer["items"]]
