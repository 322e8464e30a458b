"""The addresses that lead annotators back to an answer of theirs."""

from playwright.sync_api import Page, expect

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.second_look import article_url, doubts_url, mark_doubts
from tests.browser.annotating import FIELD, choose_topic, chosen_topic, open_article, submit
from tests.browser.articles import ARTICLES
from tests.browser.desk import ReviewDesk
from tests.browser.queue_view import found_ids, searched


def test_an_answer_is_found_by_its_article_and_while_it_is_doubted(
    page: Page, desk: ReviewDesk
) -> None:
    open_article(page, desk, "linked")
    choose_topic(page, "Sci/Tech")
    submit(page)
    client, article = connect(), ARTICLES["linked"].article
    dataset = find_dataset(client, desk.desk)
    assert dataset is not None
    assert mark_doubts(client, dataset, {article.id: 0.75}) == 1
    doubts = doubts_url(client, dataset)
    for url in (article_url(client, dataset, article), doubts):
        page.goto(url)
        expect(chosen_topic(page)).to_contain_text("Sci/Tech")
        expect(page.locator(FIELD)).to_have_text(article.text)
    assert mark_doubts(client, dataset, {}) == 1
    assert found_ids(searched(page, lambda: page.goto(doubts))) == []
