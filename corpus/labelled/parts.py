"""Which rows of a file train, which validate, and which of them stand in the test split too."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.articles import Article, Split
from corpus.errors import DeskError
from corpus.labelled.read import LabelledFile, LabelledRow
from corpus.splits import leaks

VALIDATION_EVERY = 10
# Every row of a file, whatever its split.
ALL = "all"
# Comparing more texts for near-duplicates takes minutes.
MOST_COMPARED = 50_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Row number → split. ``kept_back``: validation was taken from train here, by the seed."""

    splits: dict[int, Split]
    kept_back: bool

    def count(self, split: Split) -> int:
        """How many rows are in this split."""
        return sum(part == split for part in self.splits.values())


@dataclass(frozen=True, slots=True)
class Repeats:
    """Training rows (validation among them) whose text stands in the test split as well.

    ``near`` counts those that resemble one (4-word-shingle Jaccard of 0.5 or more) without being
    the same; None where there are too many texts to compare. ``first`` names a row of either.
    """

    exact: int
    near: int | None
    first: tuple[int, int] | None


def to_parts(file: LabelledFile, seed: int) -> Parts:
    """The file's own splits; where it has no validation, a tenth of train is kept back for it.

    The tenth is drawn by the seed, evenly over the labels; rows of one text stay together.
    """
    splits: dict[int, Split] = {row.number: row.split or "train" for row in file.rows}
    if "validation" in splits.values():
        return Parts(splits, kept_back=False)
    train = [row for row in file.rows if splits[row.number] == "train"]
    drawn = _every_tenth(train, seed)
    splits.update(dict.fromkeys(drawn, "validation"))
    return Parts(splits, kept_back=bool(drawn))


def rows_to_score(file: LabelledFile, split: str | None) -> tuple[str, list[LabelledRow]]:
    """The split's name and rows: the asked one, else test, else all.

    Raises DeskError where that split has no row.
    """
    wanted: str = split or ("test" if any(row.split == "test" for row in file.rows) else ALL)
    if wanted == ALL:
        return ALL, list(file.rows)
    rows = [row for row in file.rows if row.split == wanted]
    if not rows:
        counts: dict[Split | None, int] = {}
        for row in file.rows:
            counts[row.split] = counts.get(row.split, 0) + 1
        found = ", ".join(f"{name or 'without split'}: {n}" for name, n in counts.items())
        raise DeskError(
            f"{file.path} has no row in split {wanted!r} ({found}).", f"Use --split {ALL}."
        )
    return wanted, rows


def find_repeats(file: LabelledFile, parts: Parts) -> Repeats:
    """Compare what is trained on with the test split."""
    tested = {row.text: row.number for row in file.rows if parts.splits[row.number] == "test"}
    trained = [row for row in file.rows if parts.splits[row.number] != "test"]
    exact = [row.number for row in trained if row.text in tested]
    first = next(((row.number, tested[row.text]) for row in trained if row.text in tested), None)
    if not tested or len(trained) + len(tested) > MOST_COMPARED:
        return Repeats(len(exact), 0 if not tested else None, first)
    articles = [Article(str(row.number), row.text) for row in trained if row.text not in tested]
    side: dict[str, Split] = {article.id: "train" for article in articles}
    for text, number in tested.items():
        articles.append(Article(str(number), text))
        side[str(number)] = "test"
    pairs = [
        (int(a), int(b)) if side[a] == "train" else (int(b), int(a))
        for a, b in leaks(articles, side)
    ]
    return Repeats(len(exact), len({a for a, _ in pairs}), first or min(pairs, default=None))


def _every_tenth(rows: Sequence[LabelledRow], seed: int) -> list[int]:
    """Numbers of every tenth text, after the texts were shuffled and sorted by their labels."""
    by_text: dict[str, list[int]] = defaultdict(list)
    stratum: dict[str, tuple[str, ...]] = {}
    for row in rows:
        by_text[row.text].append(row.number)
        stratum.setdefault(row.text, tuple(sorted(row.labels())))
    texts = random.Random(seed).sample(list(by_text), len(by_text))
    texts.sort(key=stratum.__getitem__)
    left = Counter(label for labels in stratum.values() for label in labels)
    drawn = []
    for text in texts[VALIDATION_EVERY // 2 :: VALIDATION_EVERY]:
        # The last text of a label teaches it.
        if all(left[label] > 1 for label in stratum[text]):
            left.subtract(stratum[text])
            drawn.append(text)
    return [number for text in drawn for number in by_text[text]]
