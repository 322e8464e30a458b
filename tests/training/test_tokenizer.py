"""A tokenizer of one's own: what it learns, what it keeps, how it is compared."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from corpus.errors import DeskError
from training.tokenizer.base import END, base_tokenizer
from training.tokenizer.picture import draw_report
from training.tokenizer.report import compare
from training.tokenizer.train import train_tokenizer

WORDS = ("Zhirvan", "Littoral", "Harrowgate", "Quillon", "Dlamini", "kombinat", "referendum")
TEXTS = [f"{a} and {b} met in {c}." for a in WORDS for b in WORDS for c in WORDS]
ODD = "  Zhirvan\t“Ünïcode” 🏑 東京\r\nمرحبا  end "


@pytest.fixture(scope="module")
def old() -> PreTrainedTokenizerBase:
    return base_tokenizer("offline")


@pytest.fixture(scope="module", params=["offline", "bytes"])
def pair(request: pytest.FixtureRequest) -> tuple[PreTrainedTokenizerBase, PreTrainedTokenizerBase]:
    base = base_tokenizer(request.param)
    return base, train_tokenizer(iter(TEXTS), base, 600)


def test_words_of_the_texts_become_tokens(
    pair: tuple[PreTrainedTokenizerBase, PreTrainedTokenizerBase],
) -> None:
    base, new = pair
    assert len(new) <= 600
    text = "Zhirvan and Quillon met in Harrowgate."
    before, after = (len(t(text, add_special_tokens=False)["input_ids"]) for t in pair)
    assert after <= 8 < before
    kept = set(base.special_tokens_map.values())
    assert kept and kept == set(new.special_tokens_map.values())
    assert new.model_max_length == base.model_max_length


def test_it_is_the_same_after_saving(
    pair: tuple[PreTrainedTokenizerBase, PreTrainedTokenizerBase], tmp_path: Path
) -> None:
    new = pair[1]
    new.save_pretrained(str(tmp_path))
    again = AutoTokenizer.from_pretrained(str(tmp_path))
    for text in (*TEXTS[:50], ODD):
        assert again(text)["input_ids"] == new(text)["input_ids"]


def test_bytes_give_every_text_back() -> None:
    old = base_tokenizer("bytes")
    new = train_tokenizer(TEXTS, old, 400)
    for tokenizer in (old, new):
        assert tokenizer.decode(tokenizer(ODD)["input_ids"]) == ODD
    assert len(old(ODD)["input_ids"]) == len(ODD.encode())
    assert new.eos_token == END and len(new(END)["input_ids"]) == 1


def test_texts_are_read_once_as_a_stream(old: PreTrainedTokenizerBase) -> None:
    asked: list[int] = []
    seen: list[int] = []

    def stream() -> Iterator[str]:
        for number, text in enumerate(TEXTS):
            asked.append(number)
            yield text

    train_tokenizer(stream(), old, 600, lambda done, _: seen.append(done))
    assert asked == list(range(len(TEXTS)))
    assert seen == [len(TEXTS)]


def test_many_characters_do_not_exceed_the_vocabulary(old: PreTrainedTokenizerBase) -> None:
    texts = ["".join(map(chr, range(first, first + 40))) for first in range(0x400, 0x3000, 20)]
    assert len(train_tokenizer(texts * 3, old, 300)) <= 300


def test_a_folder_without_a_readable_tokenizer_is_said(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    config = '{"tokenizer_class": "PreTrainedTokenizerFast"}'
    (tmp_path / "tokenizer_config.json").write_text(config)
    with pytest.raises(DeskError, match="no tokenizer that can be read"):
        base_tokenizer(str(tmp_path))


def test_the_report_counts_what_one_can_count_by_hand(old: PreTrainedTokenizerBase) -> None:
    texts = [("wire", "the president met the press"), ("wire", "\u4e00🏑 x"), ("blog", "news")]
    found = compare(old, train_tokenizer(TEXTS, old, 600), texts)
    assert list(found) == ["all", "blog", "wire"]
    wire = found["wire"].to_dict()
    assert (wire["texts"], wire["words"], wire["characters"]) == (2, 7, 31)
    # MiniLM knows the first sentence's words; the hockey stick is unknown to it.
    ids = [old(text, add_special_tokens=False)["input_ids"] for source, text in texts]
    assert len(ids[0]) == 5
    assert wire["old"]["tokens"] == len(ids[0]) + len(ids[1])
    unknown = ids[1].count(old.unk_token_id)
    assert unknown >= 1
    assert wire["old"]["unknown_share"] == pytest.approx(unknown / wire["old"]["tokens"], abs=1e-4)
    assert wire["old"]["tokens_per_word"] == pytest.approx(wire["old"]["tokens"] / 7, abs=1e-4)
    assert found["all"].words == 8


def test_nothing_to_compare_is_no_figure(old: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    found = compare(old, old, [])
    assert found["all"].to_dict()["old"]["tokens_per_word"] is None
    draw_report(found, {"old": "a", "new": "b"}, tmp_path / "p.png")
    assert list(compare(old, old, [("one", "x")])) == ["all"]


def test_the_picture_has_its_size(old: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    found = compare(old, old, [(f"source {i}", "some words") for i in range(20)])
    draw_report(found, {"old": "a$_{x$", "new": "b"}, tmp_path / "p.png")
    assert Image.open(tmp_path / "p.png").size == (1200, 700)


def test_what_cannot_be_is_said(old: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="299 tokens holds no words"):
        train_tokenizer(TEXTS, old, 299)
    with pytest.raises(DeskError, match="no text to learn"):
        train_tokenizer([], old, 600)
    with pytest.raises(DeskError, match="has no tokenizer"):
        base_tokenizer(str(tmp_path))
