"""An article of tens of thousands of characters is whole in the browser."""

from playwright.sync_api import Page

from tests.browser.annotating import choose_entity_type, choose_topic, open_article, submit
from tests.browser.articles import LONG
from tests.browser.desk import ReviewDesk, pulled_answer
from tests.browser.marking import drag, scroll_to


def test_a_span_near_the_end(page: Page, desk: ReviewDesk) -> None:
    open_article(page, desk, "longread")
    choose_topic(page, "World")
    choose_entity_type(page, "person")
    scroll_to(page, "Ada Obi")
    drag(page, "Ada Obi")
    submit(page)
    answer = pulled_answer(desk, "longread")
    assert answer.mentions == [("Ada Obi", "person"), ("Kestrel", "organization")]
    assert len(LONG) > 30_000
    assert (answer.spans or ())[0].start == LONG.index("Ada Obi")
