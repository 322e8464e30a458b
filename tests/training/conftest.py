"""A tiny fictional desk: enough to learn from in seconds, too little to be good at it."""

from pathlib import Path

import pytest

from corpus.articles import Article, ReviewedArticle, Span, Split
from tests.training.encoders import bert, deberta, roberta

PROJECT = Path(__file__).resolve().parent.parent.parent
PEOPLE = ["Ada Okafor", "Bjarni Eld", "Celia Prager", "Dov Marsh", "Efua Dankwa", "Finn Osei"]
PLACES = ["Wexmoor", "Port Ansel", "Kilmarra", "Devarkot"]
SENTENCES = {
    "Sports": "{person} scored twice as {place} won the cup final.",
    "Business": "{person} sold the {place} bank; its shares fell and profits sank.",
}


def reviewed(
    number: int, topic: str | None, text: str, spans: tuple[Span, ...], split: Split
) -> ReviewedArticle:
    article = Article(id=f"a{number:03d}", text=text)
    return ReviewedArticle(article, topic, spans, "majority", 2, 1.0, False, split)


def split_of(number: int) -> Split:
    if number % 6 == 5:
        return "test"
    return "validation" if number % 6 == 4 else "train"


def written(topic: str, sentences: int, number: int) -> tuple[str, tuple[Span, ...]]:
    """Text and spans of an article of so many sentences, each with a person and a place."""
    text, spans = "", []
    for i in range(sentences):
        person = PEOPLE[(number // 2 + i) % len(PEOPLE)]
        place = PLACES[(number // 12 + i) % len(PLACES)]
        sentence = SENTENCES[topic].format(person=person, place=place)
        for mention, label in ((person, "person"), (place, "place")):
            start = len(text) + sentence.index(mention)
            spans.append(Span(start, start + len(mention), label))
        text += sentence + " "
    return text.strip(), tuple(spans)


@pytest.fixture(scope="session")
def tiny_gold() -> list[ReviewedArticle]:
    """48 articles of one to three sentences, two topics; every sixth pair is test."""
    return tiny_articles()


def tiny_articles() -> list[ReviewedArticle]:
    """The articles of ``tiny_gold``, for other processes too."""
    found = []
    for number in range(48):
        topic = list(SENTENCES)[number % 2]
        text, spans = written(topic, 1 + number // 2 % 3, number)
        found.append(reviewed(number, topic, text, spans, split_of(number // 2)))
    return found


@pytest.fixture(scope="session")
def tiny_texts() -> list[str]:
    """What the tokenizers of tiny encoders are trained on."""
    return [written(topic, 3, number)[0] for number in range(24) for topic in SENTENCES]


@pytest.fixture(scope="session")
def tiny_encoders(
    tmp_path_factory: pytest.TempPathFactory, tiny_texts: list[str]
) -> dict[str, str]:
    """Encoders that learn the tiny desk in seconds, one for each kind of tokenizer."""
    folder = tmp_path_factory.mktemp("encoders")
    return {
        "uncased": bert(folder / "uncased", tiny_texts, lowers=True),
        "cased": bert(folder / "cased", tiny_texts, lowers=False),
        "roberta": roberta(folder / "roberta", tiny_texts),
        "deberta": deberta(folder / "deberta", tiny_texts),
    }
