"""A new tokenizer beside its base: trained, compared on other texts, drawn, saved in one folder."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.results import Progress
from training.tokenizer.base import base_tokenizer, tokenizer_name
from training.tokenizer.picture import draw_report
from training.tokenizer.report import compare
from training.tokenizer.train import model_type, train_tokenizer

REPORT, PICTURE = "tokenizer_report.json", "tokenizer.png"
# How and from where the base was loaded: not what the tokenizer is.
PLACES = (
    "name_or_path", "special_tokens_map_file", "tokenizer_file", "is_local", "local_files_only",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TokenizerReport:
    """What the new one is, and ``on``: "all" or a source → counts of the texts compared on, as
    ``Texts.to_dict`` gives them.
    """

    base: str
    base_vocabulary: int
    algorithm: str
    vocabulary: int
    asked_for: int
    texts: int
    compared_on: str
    on: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class TokenizerRecipe:
    """Which base, how many tokens at most, what pictures call the new one, and which texts it is
    compared on, in words.
    """

    base: str
    vocabulary: int
    name: str
    compared_on: str


def make_tokenizer(
    learned: Iterable[str],
    compared: Iterable[tuple[str, str]],
    recipe: TokenizerRecipe,
    folder: Path,
    on_progress: Progress | None = None,
    on_comparing: Callable[[], None] = lambda: None,
) -> TokenizerReport:
    """Train on ``learned``, compare on the (source, text) of ``compared``; both are streams.

    ``folder`` then holds what AutoTokenizer loads, the report and its picture. Raises DeskError
    where the base cannot learn, or there is no text.
    """
    old, counted = base_tokenizer(recipe.base), _Counted(learned)
    new = train_tokenizer(counted, old, recipe.vocabulary, on_progress)
    on_comparing()
    found = compare(old, new, compared)
    new.save_pretrained(str(folder))
    _without_places(folder / "tokenizer_config.json")
    report = TokenizerReport(
        base=tokenizer_name(recipe.base),
        base_vocabulary=len(old),
        algorithm=model_type(new),
        vocabulary=len(new),
        asked_for=recipe.vocabulary,
        texts=counted.texts,
        compared_on=recipe.compared_on,
        on={name: part.to_dict() for name, part in found.items()},
    )
    draw_report(found, picture_names(report, recipe.name), folder / PICTURE)
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False)
    (folder / REPORT).write_text(f"{text}\n", encoding="utf-8")
    return report


def read_report(folder: Path) -> TokenizerReport:
    """What ``make_tokenizer`` wrote there."""
    return TokenizerReport(**json.loads((folder / REPORT).read_text(encoding="utf-8")))


def picture_names(report: TokenizerReport, name: str) -> dict[str, str]:
    """Old and new, with the number of their tokens."""
    return {
        "old": f"{report.base} ({report.base_vocabulary:,})",
        "new": f"{name} ({report.vocabulary:,})",
    }


def _without_places(file: Path) -> None:
    config = json.loads(file.read_text(encoding="utf-8"))
    kept = {key: value for key, value in config.items() if key not in PLACES}
    text = json.dumps(kept, indent=2, ensure_ascii=False, sort_keys=True)
    file.write_text(f"{text}\n", encoding="utf-8")


class _Counted:
    """A stream, and how many texts went through."""

    def __init__(self, given: Iterable[str]) -> None:
        self._given = given
        self.texts = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._given:
            self.texts += 1
            yield text
