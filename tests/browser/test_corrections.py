"""An answer of an instruction model, rated and corrected."""

import pytest
from playwright.sync_api import Page, expect

from argilla_settings.answer_records import to_answer_record
from argilla_settings.answers import ANSWERS
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.records import log_records
from corpus.articles import Article
from corpus.desk import read_desk
from corpus.instruct.answers import Answer, Mention, to_json, to_lines
from corpus.instruct.opinions import Generation, answers_ledger, append_generations
from corpus.review_state import desk_questions, open_ledger
from flows.pull_answers import PullAnswers, pull_answers
from tests.browser.annotating import submit
from tests.browser.desk import user_id
from tests.running import ArgillaService

KNOBS = {"name": "browser-corrections", "review.min_submitted": 1, "review.blind_share": 0.0}
SAID = Answer("World", (Mention("Ada", "person"), Mention("Mars", "location")))
RIGHT = Answer("Sci/Tech", (Mention("Ada Obi", "person"), Mention("Kestrel", "location")))


@pytest.fixture
def answers_address(argilla_service: ArgillaService) -> str:
    """Where one answer of a model waits for the first annotator."""
    desk, text = read_desk("desk.yaml", KNOBS), "Ada Obi reached the Kestrel station today."
    generation = Generation("a1", "0123456789abcdef", 2, to_json(SAID))
    article, ledger = Article("a1", text, "Arrival"), answers_ledger(open_ledger(desk))
    ledger.append_articles([article])
    append_generations(ledger, [generation])
    client = connect()
    dataset = ensure_dataset(client, desk, ANSWERS)
    log_records(dataset, [to_answer_record(generation, article, desk_questions(desk))])
    http(client).post(
        f"/api/v1/workspaces/{dataset.workspace.id}/users",
        json={"user_id": user_id(argilla_service.credentials["annotator-1"]["api_key"])},
    )
    return dataset_url(client, dataset)


def test_the_correction_begins_as_what_the_model_wrote(page: Page, answers_address: str) -> None:
    """What the annotator sees says what to do."""
    page.goto(answers_address)
    page.wait_for_selector("text=Not in the article: Mars")
    editor = page.locator("[contenteditable]")
    expect(editor).to_have_text(to_lines(SAID))
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(to_lines(RIGHT))
    page.click("label[for='rating_2']")
    submit(page)
    found = pull_answers(PullAnswers(overrides=dict(KNOBS)))
    assert (found.new, found.opinions, found.mean_rating, found.broken) == (1, 1, 2.0, ())
    assert [c.answer for c in found.corrections.used] == [RIGHT]
