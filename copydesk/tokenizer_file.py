"""copydesk train tokenizer --data: a tokenizer with the words of a file's texts."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from copydesk.data_file import DataFile, prepare, progress, tell
from copydesk.out_folder import new_folder, require_free

REPORT, PICTURE = "tokenizer_report.json", "tokenizer.png"
OURS = {
    REPORT, PICTURE, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.json", "vocab.txt", "merges.txt", "added_tokens.json", "chat_template.jinja",
}  # fmt: skip
# One text in so many is kept back: on what it learned from, a tokenizer looks too good.
KEPT_BACK = 10
FEW = 20


def train_tokenizer_file(data: DataFile, base: str, vocabulary: int, out: Path) -> None:
    """Train on nine of ten texts, compare with the old tokenizer on the tenth, into ``out``."""
    prepare()
    require_free(out, is_tokenizer, "tokenizer of ours")
    # Before the base, which may have to be fetched: a mistake in the file is said at once.
    next(_texts(data, kept_back=False), None)
    from training.tokenizer.base import base_tokenizer, tokenizer_name
    from training.tokenizer.picture import draw_report
    from training.tokenizer.report import compare
    from training.tokenizer.train import train_tokenizer

    old = base_tokenizer(base)
    with new_folder(out, is_tokenizer) as folder:
        with progress("reading words") as report:
            new = train_tokenizer(_texts(data, kept_back=False), old, vocabulary, report)
        tell("Comparing on the texts that were kept back.")
        found = compare(old, new, ((data.path.name, t) for t in _texts(data, kept_back=True)))
        new.save_pretrained(str(folder))
        names = {"old": f"{tokenizer_name(base)} ({len(old):,})"}
        names["new"] = f"{out.name} ({len(new):,})"
        draw_report(found, names, folder / PICTURE)
        facts = {"base": tokenizer_name(base), "vocabulary": len(new), "asked_for": vocabulary}
        facts |= {"data": data.path.name, "kept_back": f"one text in {KEPT_BACK}, by its hash"}
        content = facts | {"on": {name: part.to_dict() for name, part in found.items()}}
        (folder / REPORT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    of_all = found["all"].to_dict()
    for line in _remarks(data.path.name, len(new), vocabulary, of_all["texts"]):
        tell(line)
    print("\n".join(_lines(out, names, of_all)))


def is_tokenizer(folder: Path) -> bool:
    """Whether nothing but a tokenizer that was trained here lies there: it may be replaced."""
    names = {file.name for file in folder.iterdir()}
    return REPORT in names and names <= OURS


def _texts(data: DataFile, kept_back: bool) -> Iterator[str]:
    from corpus.labelled.read import read_plain

    for row in read_plain(data.path, "topics", data.columns, data.form):
        if row.text and _is_kept_back(row.text) is kept_back:
            yield row.text


def _is_kept_back(text: str) -> bool:
    # By the text: one that stands in the file twice is on one side.
    return hashlib.sha256(text.encode()).digest()[0] % KEPT_BACK == 0


def _remarks(file: str, tokens: int, asked_for: int, compared: int) -> Iterator[str]:
    if tokens < asked_for:
        yield f"{file} holds words for {tokens:,} tokens only, {asked_for:,} were asked for."
    if tokens > asked_for:
        yield f"{tokens:,} tokens, more than {asked_for:,}: {file} has so many characters."
    if compared < FEW:
        yield f"warning: {compared} texts were kept back; figures on so few say little."


def _lines(out: Path, names: Mapping[str, str], of_all: Mapping[str, Any]) -> Iterator[str]:
    yield f"{out}: on {of_all['texts']:,} texts that were kept back ({of_all['words']:,} words)"
    for side, name in names.items():
        part = of_all[side]
        if part["tokens_per_word"] is None or part["characters_per_token"] is None:
            yield f"{side}, {name} tokens: nothing to compare on"
            continue
        yield (
            f"{side}, {name} tokens: {part['tokens_per_word']:.2f} tokens a word, "
            f"{part['characters_per_token']:.2f} characters a token, "
            f"{100 * part['unknown_share']:.2f} % unknown"
        )
