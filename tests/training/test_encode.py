"""Spans survive the way to tokens and back, whatever the text is made of."""

import time
from collections import Counter
from typing import Any

import pytest
from transformers import AutoTokenizer

from corpus.articles import Span
from training.encoder import encoder_path
from training.entities.encode import IGNORED, Encoded, encode
from training.entities.schemes import tag_names, tag_runs

TYPES = ["person", "place"]
NAMES = tag_names(TYPES)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(encoder_path("offline"))


def encoded(tokenizer: Any, text: str, spans: list[Span], length: int = 64) -> Encoded:
    return encode(tokenizer, [text], [spans], TYPES, length, length // 4)


def decoded(found: Encoded) -> list[tuple[int, int, str]]:
    """The spans that the tags of the owned tokens say, in code points."""
    tokens = sorted(
        (pair, label)
        for window in found.windows
        for pair, label, own in zip(window.offsets, window.labels, window.owned, strict=True)
        if own
    )
    runs = tag_runs([label for _, label in tokens], NAMES)
    return [(tokens[a][0][0], tokens[b - 1][0][1], label) for a, b, label in runs]


def marked(text: str, *mentions: tuple[str, str]) -> list[Span]:
    starts = [(text.index(mention), mention, label) for mention, label in mentions]
    return [Span(start, start + len(mention), label) for start, mention, label in starts]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Ada Okafor flew to Wexmoor.", [("Ada Okafor", "person"), ("Wexmoor", "place")]),
        ("🎉🎉 Ada Okafor 👩‍🚀 in Wexmoor 🏔", [("Ada Okafor", "person"), ("Wexmoor", "place")]),
        ("First line\r\nAda Okafor\r\n\r\nWexmoor", [("Ada Okafor", "person")]),
        ("Ada\u00a0Okafor left Wexmoor", [("Ada\u00a0Okafor", "person"), ("Wexmoor", "place")]),
        ("Łukasz Żółć of Şırnak", [("Łukasz Żółć", "person"), ("Şırnak", "place")]),
        ("记者 Ada 在 北京", [("Ada", "person"), ("北京", "place")]),
        ("Jose\u0301 Pe\u0301rez left", [("Jose\u0301 Pe\u0301rez", "person")]),
    ],
    ids=["plain", "emoji", "crlf", "nbsp", "precomposed", "cjk", "combining"],
)
def test_spans_come_back(tokenizer: Any, text: str, mentions: list[tuple[str, str]]) -> None:
    spans = marked(text, *mentions)
    found = encoded(tokenizer, text, spans)
    assert decoded(found) == [(s.start, s.end, s.label) for s in spans]
    assert not found.repairs


def test_a_cut_token_is_taken_whole_and_counted(tokenizer: Any) -> None:
    text = "The Parisians cheered"
    found = encoded(tokenizer, text, [Span(4, 7, "place")])
    (start, end, label), *rest = decoded(found)
    assert not rest
    assert (start, label) == (4, "place")
    assert end > 7
    assert found.repairs == Counter({"span widened to whole tokens": 1})


def test_two_spans_in_one_token_give_one_and_count_the_other(tokenizer: Any) -> None:
    found = encoded(tokenizer, "cheered", [Span(0, 3, "person"), Span(3, 7, "place")])
    assert decoded(found) == [(0, 7, "person")]
    assert found.repairs["span without token dropped"] == 1


def test_a_span_of_white_space_is_dropped_and_counted(tokenizer: Any) -> None:
    found = encoded(tokenizer, "one   two", [Span(4, 5, "person")])
    assert decoded(found) == []
    assert found.repairs == Counter({"span without token dropped": 1})


def test_of_overlapping_spans_the_longest_stays(tokenizer: Any) -> None:
    spans = [Span(0, 3, "place"), Span(0, 7, "person")]
    found = encoded(tokenizer, "Ada Bo1 went", spans)
    assert decoded(found) == [(0, 7, "person")]
    assert found.repairs == Counter({"overlapping span dropped": 1})


def test_neighbours_without_a_gap_stay_two_spans(tokenizer: Any) -> None:
    text = "Ada/Bo"
    spans = [Span(0, 3, "person"), Span(3, 4, "person"), Span(4, 6, "person")]
    assert decoded(encoded(tokenizer, text, spans)) == [(s.start, s.end, s.label) for s in spans]


def test_no_mention_of_a_long_article_is_lost(tokenizer: Any) -> None:
    sentence = "Then Ada Okafor walked from the harbour up to Wexmoor again. "
    text = sentence * 40
    spans = [
        Span(i * len(sentence) + s.start, i * len(sentence) + s.end, s.label)
        for i in range(40)
        for s in marked(sentence, ("Ada Okafor", "person"), ("Wexmoor", "place"))
    ]
    found = encoded(tokenizer, text, spans, length=48)
    assert len(found.windows) > 10
    assert all(len(window.input_ids) <= 48 for window in found.windows)
    assert decoded(found) == [(s.start, s.end, s.label) for s in spans]


def test_a_window_that_begins_inside_a_span_goes_on_with_it(tokenizer: Any) -> None:
    text = "harbour " * 60
    found = encoded(tokenizer, text, [Span(0, len(text) - 1, "place")], length=32)
    begins = [window.labels.count(NAMES.index("B-place")) for window in found.windows]
    assert begins == [1] + [0] * (len(found.windows) - 1)
    assert decoded(found) == [(0, len(text) - 1, "place")]


def test_every_token_is_owned_once(tokenizer: Any) -> None:
    found = encoded(tokenizer, "one two three four five " * 30, [], length=32)
    owned = [
        pair
        for window in found.windows
        for pair, own in zip(window.offsets, window.owned, strict=True)
        if own
    ]
    assert len(owned) == len(set(owned)) == 150


def test_special_tokens_are_ignored_by_the_loss(tokenizer: Any) -> None:
    window = encoded(tokenizer, "Ada left", [Span(0, 3, "person")]).windows[0]
    assert window.labels == [IGNORED, NAMES.index("B-person"), NAMES.index("O"), IGNORED]


def test_an_empty_text_has_no_tokens(tokenizer: Any) -> None:
    found = encode(tokenizer, ["", "Ada"], None, TYPES, 32, 8)
    assert [any(window.owned) for window in found.windows] == [False, True]


def test_a_long_article_with_many_spans_takes_no_longer_for_each(tokenizer: Any) -> None:
    def seconds(count: int) -> float:
        text = "Ada Okafor flew to Wexmoor. " * count
        spans = [Span(28 * i, 28 * i + 10, "person") for i in range(count)]
        spans += [Span(28 * i + 19, 28 * i + 26, "place") for i in range(count)]
        start = time.process_time()
        found = encoded(tokenizer, text, spans, length=256)
        spent = time.process_time() - start
        assert len(decoded(found)) == 2 * count
        assert not found.repairs
        return spent

    seconds(50)
    # Eight times the spans took sixty times as long.
    assert seconds(2_400) < 25 * seconds(300)
