"""The queue: bulk view, filters, order, similar records."""

import numpy as np
from playwright.sync_api import Page

from tests.browser.annotating import choose_topic, submit
from tests.browser.articles import VECTORS
from tests.browser.conftest import Picture
from tests.browser.desk import ReviewDesk, answers_to, pull, pulled_answer
from tests.browser.queue_view import (
    filter_by,
    find_similar,
    found_ids,
    open_queue,
    reverse_order,
    select_records,
    show_in_bulk,
    sort_by,
    wait_for_record,
)


def test_several_records_labelled_at_once(page: Page, desk: ReviewDesk, picture: Picture) -> None:
    """The topic is one for all that are selected, the spans are each record's own."""
    open_queue(page, desk, metadata="source.bulk")
    shown = found_ids(show_in_bulk(page))
    assert sorted(shown) == ["bulk0", "bulk1", "bulk2", "bulk3"]
    select_records(page, [0, 1, 2])
    choose_topic(page, "Business")
    picture(page, "review_bulk.png", 900)
    submit(page)
    pull()
    for word in shown[:3]:
        (answer,) = answers_to(desk, word).values()
        assert answer.topic == "Business"
        assert answer.mentions == [("Ada Obi", "person"), (f"Bulk{word[-1]}", "organization")]


def test_filter_by_metadata(page: Page, desk: ReviewDesk) -> None:
    open_queue(page, desk)
    assert found_ids(filter_by(page, "Source", "filtered")) == ["filtered"]
    wait_for_record(page, "filtered")
    choose_topic(page, "Sports")
    submit(page)
    assert pulled_answer(desk, "filtered").topic == "Sports"


def test_sort_by_metadata(page: Page, desk: ReviewDesk, picture: Picture) -> None:
    """Surest first, then the other way round: the most uncertain is answered."""
    open_queue(page, desk, metadata="source.sorted")
    assert found_ids(sort_by(page, "Uncertainty")) == ["sorted0", "sorted2", "sorted1"]
    assert found_ids(reverse_order(page)) == ["sorted1", "sorted2", "sorted0"]
    wait_for_record(page, "sorted1")
    picture(page, "review_sorted.png", 480)
    submit(page, key="Enter")
    assert pulled_answer(desk, "sorted1").topic == "World"


def test_find_similar(page: Page, desk: ReviewDesk) -> None:
    """To the one that is open, nearest first."""
    open_queue(page, desk, metadata="source.near")
    reference = wait_for_record(page, "near")
    similar = found_ids(find_similar(page))
    others = [word for word in VECTORS if word != reference]
    closeness = {word: cosine(reference, word) for word in others}
    assert similar == sorted(others, key=lambda word: -closeness[word])
    wait_for_record(page, similar[0])
    choose_topic(page, "Sports")
    submit(page)
    assert pulled_answer(desk, similar[0]).topic == "Sports"


def cosine(one: str, other: str) -> float:
    a, b = np.array(VECTORS[one]), np.array(VECTORS[other])
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
