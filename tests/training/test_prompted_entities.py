"""GLiNER: pieces of long texts, prompts, conversion.

``Stub`` stands in for the package, and refuses what the real ``UniEncoderSpanGLiNER.inference`` of
gliner 0.2.29 would refuse or do wrongly: other arguments, more words than ``config.max_len`` (which
the real one cuts with a mere warning), prompts that are no list of different texts. The last test
asks the real package, with random weights.
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from corpus.errors import DeskError
from training.encoder import encoder_path
from training.entities.prompted import load_gliner, prompted_entities

DEFINITIONS = {"person": "a named person", "location": "a named place"}
WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")
NAMES = {"Ada Obi": "person: a named person", "Rome": "location: a named place"}


class Stub:
    """Finds NAMES, and puts no more into an entity than the real one does."""

    def __init__(self, max_len: int = 384) -> None:
        self.config = SimpleNamespace(max_len=max_len)
        self.data_processor = SimpleNamespace(words_splitter=self.words)
        self.asked: list[str] = []

    @staticmethod
    def words(text: str) -> Iterator[tuple[str, int, int]]:
        for found in WORD.finditer(text):
            yield found.group(), found.start(), found.end()

    def inference(
        self,
        texts: list[str],
        labels: list[str],
        flat_ner: bool = True,
        threshold: float = 0.5,
        multi_label: bool = False,
        batch_size: int = 8,
    ) -> list[list[dict[str, Any]]]:
        assert isinstance(labels, list)
        assert len(set(labels)) == len(labels)
        assert all(len(list(self.words(text))) <= self.config.max_len for text in texts)
        self.asked += texts
        return [
            [
                {"start": m.start(), "end": m.end(), "text": name, "label": label, "score": 0.75}
                for name, label in NAMES.items()
                if label in labels
                for m in re.finditer(name, text)
            ]
            for text in texts
        ]


def said(model: Any, text: str) -> list[tuple[str, str]]:
    (spans,) = prompted_entities(model, [text], DEFINITIONS)
    return [(text[s.start : s.end], s.label) for s in spans]


def test_types_with_their_definitions_are_the_prompts() -> None:
    texts = ["🚀 Ada Obi\r\nin Rome", "", " \u00a0", "Rome"]
    found = prompted_entities(Stub(), texts, DEFINITIONS)
    assert [[texts[i][s.start : s.end] for s in spans] for i, spans in enumerate(found)] == [
        ["Ada Obi", "Rome"], [], [], ["Rome"],
    ]  # fmt: skip
    assert {s.label for s in found[0]} == set(DEFINITIONS)
    assert {s.score for s in found[0]} == {0.75}
    assert prompted_entities(Stub(), ["Ada Obi in Rome"], {"location": "a named place"})[0]


@pytest.mark.parametrize("max_len", [8, 10, 48, 384])
def test_a_long_article_is_read_whole_and_nothing_twice(max_len: int) -> None:
    model = Stub(max_len)
    text = "Ada Obi, who lives at the sea, came to Rome. " * 1200
    assert len(text) > 50_000
    assert said(model, text) == [("Ada Obi", "person"), ("Rome", "location")] * 1200
    assert len(model.asked) > 1


def test_without_the_package_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gliner", None)
    with pytest.raises(DeskError, match="gliner cannot be imported") as error:
        load_gliner(str(tmp_path))
    assert "pip install --no-deps -r pins/gliner.txt" in error.value.next_step


@pytest.mark.skipif(find_spec("gliner") is None, reason="gliner is not installed (pins/gliner.txt)")
def test_the_real_package_with_random_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gliner import GLiNER

    # Random weights find everything about as probable as not.
    monkeypatch.setattr("training.entities.prompted.THRESHOLD", 0.4)
    shape = {"max_width": 4, "hidden_size": 32, "max_len": 48, "has_rnn": False}
    made = GLiNER.from_config({"model_name": encoder_path("offline"), **shape})
    made.save_pretrained(tmp_path)
    model = load_gliner(str(tmp_path))
    texts = ["Ada Obi, who lives at the sea, came to Rome. " * 30, "", "🚀 Ada"]
    found = prompted_entities(model, texts, DEFINITIONS)
    assert len(found) == 3
    assert found[1] == ()
    for text, spans in zip(texts, found, strict=True):
        assert all(0 <= s.start < s.end <= len(text) and s.label in DEFINITIONS for s in spans)
        assert all(0.4 <= s.score <= 1 for s in spans)
    assert max(s.end for s in found[0]) > len(texts[0]) // 2
