"""copydesk train tokenizer --data: a tokenizer with the words of a file's texts."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from copydesk.data_file import DataFile, prepare, progress, tell
from copydesk.out_folder import new_folder, require_free
from copydesk.show_tokenizer import tokenizer_lines, tokenizer_remarks

# As training.tokenizer.make writes it; naming it here keeps transformers out of a first look.
REPORT = "tokenizer_report.json"
OURS = {
    REPORT, "tokenizer.png", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.json", "vocab.txt", "merges.txt", "added_tokens.json", "chat_template.jinja",
}  # fmt: skip
# One text in so many is kept back: on what it learned from, a tokenizer looks too good.
KEPT_BACK = 10


def train_tokenizer_file(data: DataFile, base: str, vocabulary: int, out: Path) -> None:
    """Train on nine of ten texts, compare with the old tokenizer on the tenth, into ``out``."""
    prepare()
    require_free(out, is_tokenizer, "tokenizer of ours")
    # Before the base, which may have to be fetched: a mistake in the file is said at once.
    next(_texts(data, kept_back=False), None)
    from training.tokenizer.make import TokenizerRecipe, make_tokenizer

    kept_back = f"one text in {KEPT_BACK} of {data.path.name}, by its hash"
    with new_folder(out, is_tokenizer) as folder, progress("reading words") as report:
        found = make_tokenizer(
            _texts(data, kept_back=False),
            ((data.path.name, text) for text in _texts(data, kept_back=True)),
            TokenizerRecipe(base, vocabulary, out.name, kept_back),
            folder,
            report,
            lambda: tell("Comparing on the texts that were kept back."),
        )
    for line in tokenizer_remarks(found, data.path.name):
        tell(line)
    print("\n".join(tokenizer_lines(found, out, out.name)))


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
