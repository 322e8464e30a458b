"""What an annotator does with one record: choose a topic, mark spans, answer.

Every gesture is one of mouse and keyboard; it waits for what the UI shows, never for a time.
"""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import ReviewDesk

FIELD = "p[class^=span-annotation__field]"
# Appears when the field listens to the mouse and has drawn its suggestions.
LISTENING = "[id^='entity-span-container']"
BADGE = ".span-entity__container"


def open_article(page: Page, desk: ReviewDesk, word: str, status: str = "pending") -> None:
    """Search the record whose title has this word, and wait until it can be marked."""
    page.goto(desk.address(status=status, search=f"{word}~title"))
    page.wait_for_selector(LISTENING, state="attached")
    page.wait_for_function("document.activeElement.tagName === 'INPUT'")


def choose_topic(page: Page, topic: str) -> None:
    """By mouse; choosing the chosen one takes it back."""
    page.click(f"label[for='topic_{topic}']")


def press_digit(page: Page, digit: int) -> None:
    """The digit beside a label of the question that has the focus."""
    page.keyboard.press(str(digit))


def chosen_topic(page: Page) -> Locator:
    """The label of the topic question that is chosen."""
    return page.locator("label[for^='topic_'].label-active")


def choose_entity_type(page: Page, entity_type: str) -> None:
    """By mouse: what is marked from now on is of this type. A second click would take it back."""
    if not entity_type_box(page, entity_type).is_checked():
        page.click(f"label[for='entities-2d{entity_type}']")
    expect(entity_type_box(page, entity_type)).to_be_checked()


def entity_type_box(page: Page, entity_type: str) -> Locator:
    """What says whether this type is chosen."""
    return page.locator(f"[id='entities-2d{entity_type}']")


def badges(page: Page) -> Locator:
    """The entity types written below the marked spans."""
    return page.locator(BADGE)


def remove_span(page: Page, number: int) -> None:
    """By the cross that appears on a badge below the mouse."""
    before = badges(page).count()
    badges(page).nth(number).hover()
    badges(page).nth(number).locator(".span-entity__close-button").click()
    expect(badges(page)).to_have_count(before - 1)


def change_type(page: Page, number: int, entity_type: str) -> None:
    """By a click on a badge, and one in the list that opens."""
    badges(page).nth(number).locator(".span-entity__text").click()
    page.locator(".span-entity__dropdown__item", has_text=entity_type).click()
    page.wait_for_selector(f"{BADGE}:has-text('{entity_type}')")


def submit(page: Page, key: str = "") -> Mapping[str, Any]:
    """By the button, or by a key; returns what the server answered."""
    return _answered(page, "button.button--submit", key)


def discard(page: Page, key: str = "") -> Mapping[str, Any]:
    """By the button, or by a key."""
    return _answered(page, "button.button--discard", key)


def save_draft(page: Page, key: str = "") -> Mapping[str, Any]:
    """By the button, or by a key."""
    return _answered(page, "button.button--draft", key)


def _answered(page: Page, button: str, key: str) -> Mapping[str, Any]:
    with page.expect_response(lambda answer: _is_answer(answer.request)) as answered:
        page.keyboard.press(key) if key else page.click(button)
    assert answered.value.status in (200, 201), answered.value.text()
    found: Mapping[str, Any] = answered.value.json()
    return found


def _is_answer(request: Any) -> bool:
    return request.method in ("POST", "PUT") and "/responses" in request.url
