"""copydesk train tokenizer, as a person without desk and services types it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from transformers import AutoTokenizer

from corpus.errors import DeskError
from tests.test_file_commands import data as data
from tests.test_file_commands import run
from tests.test_file_commands import topics as topics


def test_a_tokenizer_of_any_file(data: Path, tmp_path: Path) -> None:
    out, rows = tmp_path / "words", tmp_path / "news.csv"
    texts = [f"Zhirvan beats Quillon {i} to {j}" for i in range(20) for j in range(20)]
    pd.DataFrame({"body": texts}).to_csv(rows, index=False)
    command = ("train", "tokenizer", "--data", rows, "--text-column", "body", "--out", out)
    found = run(*command, "--vocabulary", 400)
    report = json.loads((out / "tokenizer_report.json").read_text())
    everything = report["on"]["all"]
    assert 0 < everything["texts"] < 80
    assert everything["new"]["tokens_per_word"] < everything["old"]["tokens_per_word"]
    assert f"{everything['new']['tokens_per_word']:.2f} tokens a word" in found.stdout
    assert "tokens only, 400 were asked for" in found.stderr
    tokenizer = AutoTokenizer.from_pretrained(str(out))
    assert len(tokenizer) == report["vocabulary"] < 400
    assert (out / "tokenizer.png").stat().st_size > 10_000
    # No folder of this machine: it may be published.
    written = [f.read_text(encoding="utf-8") for f in out.glob("*.json")]
    assert len(written) >= 3
    assert not [text for text in written if "site-packages" in text or str(tmp_path) in text]
    run(*command, "--vocabulary", 400, "--base", "bytes")
    first = (out / "tokenizer.json").read_bytes()
    run(*command, "--vocabulary", 400, "--base", "bytes")
    assert (out / "tokenizer.json").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x"], "--out needs --data"),
        (["--vocabulary", "500"], "--vocabulary needs --data"),
        (["--data", "x.csv"], "A tokenizer of a file needs --out"),
        (["--data", "x.csv", "--out", "x", "--no-publish"], "--no-publish is for desks"),
        (["--data", "x.csv", "--out", "x", "--set", "name=x"], "--set is for desks"),
        (["--data", "x.csv", "--out", "x", "--method", "frozen"], "--method says nothing"),
        (["--data", "gone.csv", "--out", "x"], "gone.csv"),
    ],
)
def test_a_tokenizer_asked_for_wrongly(arguments: list[str], said: str) -> None:
    with pytest.raises(DeskError, match=said):
        run("train", "tokenizer", *arguments)


def test_a_model_beside_a_tokenizer_is_not_replaced(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "words"
    command = ("train", "tokenizer", "--data", data / "all.jsonl", "--out", out, "--vocabulary")
    run(*command, 300)
    (out / "model.safetensors").write_bytes(b"somebody's")
    with pytest.raises(DeskError, match="no tokenizer of ours"):
        run(*command, 300)
    assert (out / "model.safetensors").read_bytes() == b"somebody's"


def test_what_is_no_tokenizer_is_not_replaced(data: Path, topics: Path) -> None:
    with pytest.raises(DeskError, match="no tokenizer of ours"):
        run("train", "tokenizer", "--data", data / "all.jsonl", "--out", topics)
    with pytest.raises(DeskError, match="--vocabulary says nothing of a model"):
        run("train", "topics", "--data", "x.csv", "--out", "x", "--vocabulary", "500")
