"""Two people on the same record at the same time."""

from tests.browser.annotating import choose_entity_type, choose_topic, open_article, submit
from tests.browser.conftest import PageOf
from tests.browser.desk import ReviewDesk, answers_to, pseudonym_of, pull
from tests.browser.marking import drag
from tests.running import ArgillaService


def test_each_has_an_answer_in_the_ledger(
    page_of: PageOf, desk: ReviewDesk, argilla_service: ArgillaService
) -> None:
    """Both have it open before either answers; a second pull doubles nothing."""
    first, second = page_of("annotator-1"), page_of("annotator-2")
    for page in (first, second):
        open_article(page, desk, "together")
    choose_topic(first, "Business")
    choose_entity_type(second, "location")
    drag(second, "Kestrel")
    submit(first)
    submit(second)
    pull()
    pull()
    answers = answers_to(desk, "together")
    assert len(answers) == 2
    keys = [argilla_service.credentials[f"annotator-{n}"]["api_key"] for n in (1, 2)]
    one, two = (answers[pseudonym_of(desk, key)] for key in keys)
    assert (one.topic, one.mentions) == ("Business", [("Ada Obi", "person")])
    assert (two.topic, two.mentions) == ("World", [("Ada Obi", "person"), ("Kestrel", "location")])
