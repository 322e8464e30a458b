"""How a model's answer is put before people: to read, to rate, and to edit."""

import pytest

from argilla_settings.answer_records import readable, to_answer_record
from argilla_settings.answers import answers_guidelines
from corpus.articles import Article
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.instruct.answers import Answer, Mention, Questions, to_json, to_lines
from corpus.instruct.opinions import Generation

QUESTIONS = Questions(("World", "Sports"), ("person", "location"))
ARTICLE = Article("a", "Ada Obi met Bo in Wexmoor.", "Arrival")
SAID = Answer(
    "World",
    (Mention("Wexmoor", "location"), Mention("Ada Obi", "person"), Mention("Cy", "person")),
)


def test_an_answer_is_read_without_json() -> None:
    assert readable(to_json(SAID), ARTICLE, QUESTIONS).splitlines() == [
        "Topic: World",
        "person: Ada Obi; Cy",
        "location: Wexmoor",
        "Not in the article: Cy",
    ]
    nothing = to_json(Answer("World", ()))
    assert readable(nothing, ARTICLE, QUESTIONS) == "Topic: World\nNo entities"
    topics = Questions(("World",))
    assert readable('{"topic": "World"}', ARTICLE, topics) == "Topic: World"
    broken = readable('{"topic": "Gossip", "entities": []}', ARTICLE, QUESTIONS)
    assert broken.startswith("Breaks the form ($.topic: 'Gossip' is not one of")
    assert broken.endswith('\n\n{"topic": "Gossip", "entities": []}')


@pytest.mark.parametrize(
    ("written", "valid", "shown"),
    [(to_json(SAID), "yes", to_lines(SAID)), ("About {", "no", "About {"), (" \n", "no", None)],
)
def test_what_was_written_is_what_people_edit(written: str, valid: str, shown: str | None) -> None:
    record = to_answer_record(Generation("a", "0f", 3, written), ARTICLE, QUESTIONS)
    assert record.id == "a:0f"
    assert dict(record.metadata) == {"model": "0f", "valid": valid, "phrasing": 3}
    suggested = [(s.question_name, s.value, s.agent) for s in record.suggestions]
    assert suggested == ([("correction", shown, "instructions:0f")] if shown else [])


def test_what_looks_like_markup_is_shown_as_it_is_written() -> None:
    article = Article("a", "Ada <i>Obi</i>", "R&D &amp; more")
    record = to_answer_record(Generation("a", "0f", 3, "<b>{"), article, QUESTIONS)
    fields = dict(record.fields)
    assert (fields["title"], fields["text"]) == ("R&D &#38;amp; more", "Ada &#60;i>Obi&#60;/i>")
    assert fields["answer"].endswith("&#60;b>{")
    assert [s.value for s in record.suggestions] == ["<b>{"]


@pytest.mark.parametrize(
    ("without", "example", "absent"),
    [
        ("labels.entities", '{"topic": "World"}', '"entities"'),
        ("labels.topics", '{"entities": [{"text": "Ada Reyes", "type": "person"}', '"topic"'),
    ],
)
def test_guidelines_of_a_desk_with_one_question(without: str, example: str, absent: str) -> None:
    text = answers_guidelines(read_desk("desk.yaml", {without: {}}))
    assert f"```json\n{example}" in text
    assert absent not in text
    assert not {"{labels}", "{keys}", "{example}"} & set(text.split())


def test_guidelines_that_argilla_would_refuse_are_refused_before() -> None:
    long = {"labels.topics": {"World": "x" * 12_000, "Sports": "y"}}
    with pytest.raises(DeskError, match="Argilla takes 10000") as error:
        answers_guidelines(read_desk("desk.yaml", long))
    assert "labels:" in error.value.next_step
