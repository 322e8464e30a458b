"""Token classifiers with tags of other people, on odd and on long texts."""

import logging
from pathlib import Path

import pytest

from corpus.errors import DeskError
from tests.training.encoders import POSITIONS
from tests.training.taggers import tagger
from training.entities.others import OtherModel, load_other, other_entities
from training.entities.schemes import to_iob

TEXTS = ["Ada Obi ran to Rome , the Acme way"]
TYPES = ["person", "location"]
VALUES: dict[str, str | None] = {"PER": "person", "LOC": "location"}
BIO = {"Ada": "B-PER", "Obi": "I-PER", "Rome": "B-LOC", "Acme": "B-MISC"}
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


@pytest.fixture(scope="module")
def bio(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tagger(tmp_path_factory.mktemp("bio"), TEXTS, TAGS, BIO)


def said(other: OtherModel, text: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.label) for s in other_entities(other, [text])[0]]


@pytest.mark.parametrize(
    ("tags", "pieces"),
    [
        (TAGS, BIO),
        (["O", "PER", "LOC"], {"Ada": "PER", "Obi": "PER", "Rome": "LOC"}),
        (
            ["O", "B-PER", "I-PER", "E-PER", "S-PER", "S-LOC"],
            {"Ada": "B-PER", "Obi": "E-PER", "Rome": "S-LOC"},
        ),
        (["O", "B-PER", "L-PER", "U-LOC"], {"Ada": "B-PER", "Obi": "L-PER", "Rome": "U-LOC"}),
        (["O", "I-PER", "I-LOC"], {"Ada": "I-PER", "Obi": "I-PER", "Rome": "I-LOC"}),
    ],
    ids=["IOB2", "bare", "BIOES", "BILOU", "IOB1"],
)
def test_any_scheme_of_tags(tags: list[str], pieces: dict[str, str], tmp_path: Path) -> None:
    other = load_other(tagger(tmp_path, TEXTS, tags, pieces), "org/ner", VALUES, TYPES)
    assert said(other, "Ada Obi ran to Rome") == [("Ada Obi", "person"), ("Rome", "location")]


def test_tags_become_iob2() -> None:
    assert to_iob(["O", "S-A", "E-A", "U-B", "L-B", "B-X", "I-X", "LABEL_0", "PER"]) == [
        "O", "B-A", "I-A", "B-B", "I-B", "B-X", "I-X", "I-LABEL_0", "I-PER",
    ]  # fmt: skip


def test_unmapped_tags_are_left_out_and_counted(bio: str, caplog: pytest.LogCaptureFixture) -> None:
    other = load_other(bio, "org/ner", VALUES, TYPES)
    assert said(other, "Acme Rome Acme") == [("Rome", "location")]
    assert "MISC 2" in caplog.text
    caplog.clear()
    dropped = load_other(bio, "org/ner", {**VALUES, "MISC": None, "GPE": None}, TYPES)
    assert "org/ner has no tags GPE" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert said(dropped, "Acme Rome") == [("Rome", "location")]
    assert caplog.text == ""


def test_a_type_of_the_same_name_needs_no_mapping(bio: str) -> None:
    other = load_other(bio, "org/ner", {}, ["Loc", "per"])
    assert said(other, "Ada in Rome") == [("Ada", "per"), ("Rome", "Loc")]


def test_no_tag_in_common_names_the_tags(bio: str) -> None:
    with pytest.raises(DeskError, match="PER, LOC, MISC") as error:
        load_other(bio, "org/ner", {}, ["person", "event"])
    assert "models.preannotation.entity_values: { PER: person }" in error.value.next_step


def test_a_word_is_what_its_first_token_is(tmp_path: Path) -> None:
    folder = tagger(tmp_path, TEXTS, TAGS, {**BIO, "A": "B-PER", "##c": "B-LOC", "R": "B-LOC"})
    other = load_other(folder, "org/ner", VALUES, TYPES)
    # None of these words is in the vocabulary, all of their letters are.
    assert said(other, "Amco hat Roma") == [("Amco", "person"), ("Roma", "location")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("👩‍🚀🚀 Ada Obi 🇳🇿 Rome", ["Ada Obi", "Rome"]),
        ("ran\r\nAda Obi\r\n\r\nRome\u00a0way", ["Ada Obi", "Rome"]),
        ("مرحبا Ada Obi שלום \u200fRome", ["Ada Obi", "Rome"]),
        ("", []),
        (" \r\n\u00a0", []),
    ],
)
def test_odd_texts(bio: str, text: str, names: list[str]) -> None:
    other = load_other(bio, "org/ner", VALUES, TYPES)
    assert [name for name, _ in said(other, text)] == names


def test_a_long_article_is_read_to_its_end(bio: str) -> None:
    other = load_other(bio, "org/ner", VALUES, TYPES)
    text = "ran to the way , " * 3000 + "Rome"
    assert len(text) > 50_000
    assert other.model.window_tokens <= POSITIONS
    assert said(other, text) == [("Rome", "location")]
    names = "Ada Obi ran to " * 3400
    assert said(other, names) == [("Ada Obi", "person")] * 3400
