"""Pairs from review: the answer's JSON, its schema, phrasings, splits."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from corpus.articles import Article, ReviewedArticle, Span, Split
from corpus.instruct.answers import (
    Answer,
    Mention,
    Questions,
    json_schema,
    read_answer,
    stands_in,
    to_json,
)
from corpus.instruct.pairs import Pair, reviewed_pairs
from corpus.instruct.phrasings import PHRASINGS, system_prompt

BOTH = Questions(("Sports", "Business"), ("person", "location"))
TEXT = "Ada Reyes met Ada Reyes' coach in Übersee 🏑 on Monday."
SPANS = (
    Span(34, 41, "location"),
    Span(0, 9, "person"),
    Span(14, 23, "person"),
)


def reviewed(
    topic: str | None = "Sports",
    spans: tuple[Span, ...] | None = SPANS,
    identifier: str = "a1",
    split: Split = "train",
) -> ReviewedArticle:
    article = Article(identifier, TEXT, title="Hockey")
    return ReviewedArticle(article, topic, spans, "majority", 2, 1.0, False, split)


def only(questions: Questions, item: ReviewedArticle) -> Pair:
    [found] = reviewed_pairs([item], questions)
    return found


def test_a_chat_holds_article_instruction_and_the_reviewed_answer() -> None:
    found = only(BOTH, reviewed())
    system, user, assistant = found.messages()
    assert [m["role"] for m in (system, user, assistant)] == ["system", "user", "assistant"]
    assert user["content"].startswith(f"Hockey\n{TEXT}\n\n")
    assert user["content"].endswith(PHRASINGS["both"][found.phrasing])
    assert json.loads(assistant["content"]) == {
        "topic": "Sports",
        "entities": [
            {"text": "Ada Reyes", "type": "person"},
            {"text": "Übersee", "type": "location"},
        ],
    }
    assert "Übersee" in assistant["content"]
    for name in ("Sports", "Business", "person", "location"):
        assert name in system["content"]


def test_what_is_not_asked_is_not_answered() -> None:
    topics, entities = Questions(topics=("Sports",)), Questions(types=("person",))
    assert json.loads(to_json(only(topics, reviewed(spans=None)).answer)) == {"topic": "Sports"}
    assert set(json.loads(to_json(only(entities, reviewed(topic=None)).answer))) == {"entities"}


def test_open_questions_make_no_pair() -> None:
    items = [reviewed(topic=None), reviewed(spans=None), reviewed(identifier="whole")]
    assert [p.id for p in reviewed_pairs(items, BOTH)] == ["whole"]


def test_an_article_without_entities_says_so() -> None:
    assert to_json(only(BOTH, reviewed(spans=())).answer) == '{"topic": "Sports", "entities": []}'


def test_phrasings_are_fixed_by_the_id_and_all_are_used() -> None:
    items = [reviewed(identifier=f"article-{i}") for i in range(200)]
    first, second = reviewed_pairs(items, BOTH), reviewed_pairs(items[::-1], BOTH)[::-1]
    assert first == second
    assert {p.phrasing for p in first} == set(range(len(PHRASINGS["both"])))
    assert len({len(group) for group in PHRASINGS.values()}) == 1


def test_a_phrasing_that_is_added_leaves_most_articles_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = [reviewed(identifier=f"article-{i}") for i in range(300)]
    before = reviewed_pairs(items, BOTH)
    more = {kind: (*wordings, "One more.") for kind, wordings in PHRASINGS.items()}
    monkeypatch.setattr("corpus.instruct.pairs.PHRASINGS", more)
    changed = [(b, a) for b, a in zip(before, reviewed_pairs(items, BOTH), strict=True) if a != b]
    assert 0 < len(changed) < 100
    assert {after.phrasing for _, after in changed} == {len(PHRASINGS["both"])}


def test_splits_are_the_desk_s() -> None:
    splits: tuple[Split, ...] = ("train", "validation", "test")
    items = [reviewed(identifier=s, split=s) for s in splits]
    assert [p.split for p in reviewed_pairs(items, BOTH)] == ["train", "validation", "test"]


LABELS = st.text(min_size=1, max_size=12)


@given(LABELS, st.lists(st.tuples(LABELS, LABELS), max_size=5))
def test_what_is_written_is_read(topic: str, found: list[tuple[str, str]]) -> None:
    types = tuple(dict.fromkeys(t for _, t in found)) or ("person",)
    questions = Questions((topic,), types)
    answer = Answer(topic, tuple(Mention(text, t) for text, t in found))
    read = read_answer(to_json(answer), questions)
    assert (read.answer, read.is_json, read.problem) == (answer, True, "")


@pytest.mark.parametrize(
    ("written", "is_json", "named"),
    [
        ("", False, "no JSON"),
        ("Sports", False, "no JSON"),
        ('{"topic": "Sports", "entities": []} and more', False, "no JSON"),
        ("[" * 100_000, False, "no JSON"),
        ("null", True, "$"),
        ("[]", True, "$"),
        ('{"topic": "Sports"}', True, "entities"),
        ('{"topic": "Weather", "entities": []}', True, "$.topic"),
        ('{"topic": ["Sports"], "entities": []}', True, "$.topic"),
        ('{"topic": "Sports", "entities": [], "why": ""}', True, "why"),
        ('{"topic": "Sports", "entities": {}}', True, "$.entities"),
        ('{"topic": "Sports", "entities": ["Ada"]}', True, "$.entities[0]"),
        ('{"topic": "Sports", "entities": [{"text": "", "type": "person"}]}', True, "text"),
        ('{"topic": "Sports", "entities": [{"text": "Ada", "type": "x"}]}', True, "type"),
        ('{"topic": "Sports", "entities": [{"text": 1, "type": "person"}]}', True, "text"),
    ],
)
def test_what_breaks_the_schema_says_where(written: str, is_json: bool, named: str) -> None:
    read = read_answer(written, BOTH)
    assert read.answer is None
    assert read.is_json is is_json
    assert named in read.problem


def test_the_schema_is_one() -> None:
    for questions in (BOTH, Questions(topics=("a",)), Questions(types=("a",))):
        Draft202012Validator.check_schema(json_schema(questions))


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("F-16", "Two F-16s flew.", True),
        ("737", "Boeing 737s stay on the ground.", True),
        ("iPhone", "The iPhone15 is out.", True),
        ("Ann", "An Annual report", False),
        ("Ann", "JoAnn spoke.", False),
        ("737", "Some 7370 flights", False),
        ("16", "In 2016", False),
        ("Ann", "(Ann) spoke.", True),
    ],
)
def test_a_name_stands_in_a_text_that_puts_a_letter_behind_a_number(
    name: str, text: str, stands: bool
) -> None:
    assert stands_in(name, text) is stands


def test_labels_that_could_be_taken_for_several_are_quoted() -> None:
    """Plain ones stay as trained models know them."""
    plain = system_prompt(Questions(("Sci/Tech", "Arts & Life", "Öl-Gas 2"), ("person",)))
    assert '"topic": one of Sci/Tech, Arts & Life, Öl-Gas 2; ' in plain
    assert plain.endswith("type one of person.")
    quoted = system_prompt(Questions(("War, Peace", 'The "Rest"', "World"), ("a; b",)))
    assert '"topic": one of "War, Peace", "The \\"Rest\\"", World; ' in quoted
    assert quoted.endswith('type one of "a; b".')
