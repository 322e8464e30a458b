"""What is said of a new tokenizer on the terminal, whatever it was trained on."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.tokenizer.make import TokenizerReport

# Figures on fewer texts are of little worth.
FEW = 20


def tokenizer_remarks(report: "TokenizerReport", corpus: str) -> Iterator[str]:
    """What to think of before using it; ``corpus`` names the file or desk."""
    tokens, asked_for = report.vocabulary, report.asked_for
    if tokens < asked_for:
        yield f"{corpus} holds words for {tokens:,} tokens only, {asked_for:,} were asked for."
    if tokens > asked_for:
        yield f"{tokens:,} tokens, more than {asked_for:,}: {corpus} has so many characters."
    if report.on["all"]["texts"] < FEW:
        yield (
            f"warning: {report.on['all']['texts']} texts were kept back; figures on so few say "
            "little."
        )


def tokenizer_lines(report: "TokenizerReport", place: Path | str, name: str) -> Iterator[str]:
    """Old against new; ``name`` is the new one's."""
    from training.tokenizer.make import picture_names

    of_all = report.on["all"]
    yield f"{place}: on {of_all['texts']:,} texts that were kept back ({of_all['words']:,} words)"
    for side, named in picture_names(report, name).items():
        part = of_all[side]
        if part["tokens_per_word"] is None or part["characters_per_token"] is None:
            yield f"{side}, {named} tokens: nothing to compare on"
            continue
        yield (
            f"{side}, {named} tokens: {part['tokens_per_word']:.2f} tokens a word, "
            f"{part['characters_per_token']:.2f} characters a token, "
            f"{100 * part['unknown_share']:.2f} % unknown"
        )
