"""What was published, read for the tests of the cards, and how a card is held against it."""

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from corpus.articles import Response, ScoredSpan, Span
from corpus.ledger_rows import LedgerEntry
from publishing.figures import without_marks
from publishing.manifest import Manifest, from_json
from publishing.render import KEPT, card_figures, draft

# Measured once while training, and never again the same.
MEASURED_ONCE = {"/training/wall_seconds", "/training/cpu_seconds"}
TIMES = {"/answers/first", "/answers/last", "/source/first_published", "/source/last_published"}
# A date, a number, or a number between brackets of a prediction.
NUMERIC = re.compile(r"-?\d[\d.,]*(e-?\d+)?|\d{4}-\d\d-\d\d")


def manifest_of(folder: Path) -> Manifest:
    return from_json((folder / "manifest.json").read_text(encoding="utf-8"))


def require_card(
    folder: Path,
    repo_id: str,
    computed: dict[str, Any],
    plain: dict[str, float],
    expected: set[str],
) -> int:
    """The card is what its manifest says, and each number on it is the computed one.

    ``plain`` are values by other code than the card's, of which it shows at least ``expected``.
    Gives how many numbers the card shows.
    """
    manifest = manifest_of(folder)
    shown = _shown_numbers(manifest, repo_id)
    _require_equal(shown, computed)
    _require_plain(shown, plain, expected)
    _require_page(folder, manifest, repo_id)
    return len(shown)


def _shown_numbers(manifest: Manifest, repo_id: str) -> dict[str, str]:
    """Key → text of every number that the card shows."""
    return {
        item.key: item.text
        for item in card_figures(manifest, repo_id)
        if NUMERIC.fullmatch(item.text) and not item.key.endswith("#")
    }


def _require_page(folder: Path, manifest: Manifest, repo_id: str) -> None:
    """The published page is what this manifest says, up to the notes of people."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    found = re.fullmatch(rf"---\n.*?\n---\n\n(.*?)\n\n{re.escape(KEPT)}.*", card, re.DOTALL)
    assert found
    assert found[1] == without_marks(draft(manifest, repo_id))


def _require_plain(shown: dict[str, str], plain: dict[str, float], expected: set[str]) -> None:
    """The card shows these values, computed by other code than the card's, to three digits."""
    assert expected <= plain.keys() & shown.keys()
    for key in plain.keys() & shown.keys():
        assert float(shown[key]) == pytest.approx(plain[key], abs=0.00051), key


def _require_equal(shown: dict[str, str], computed: dict[str, Any]) -> None:
    for key, text in shown.items():
        if key in MEASURED_ONCE:
            assert float(text) > 0
            continue
        assert key in computed, f"{key} = {text} was not computed again"
        value = computed[key]
        # A time is shown as its day or its year.
        forms = {str(value), str(value)[:10], str(value)[:4]} if key in TIMES else {str(value)}
        if isinstance(value, float):
            forms |= {f"{value:.3f}", f"{value:g}"}
        assert text in forms, f"{key}: the card says {text}, the files {value}"


def flat(value: Any, key: str = "") -> dict[str, Any]:
    """JSON pointers of all leaves."""
    if isinstance(value, dict):
        pairs = [(str(k).replace("~", "~0").replace("/", "~1"), v) for k, v in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(str(i), v) for i, v in enumerate(value)]
    else:
        return {key: value}
    return {k: v for name, inner in pairs for k, v in flat(inner, f"{key}/{name}").items()}


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [
        row | {"split": file.name.split("-")[0]}
        for file in sorted((folder / name).glob("*.parquet"))
        for row in parquet.read_table(file).to_pylist()
    ]


def entries_of(rows: list[dict[str, Any]], topics: list[str]) -> list[LedgerEntry]:
    """The ledger as far as it is published."""

    def topic(value: int | None) -> str | None:
        return None if value is None else topics[value]

    def spans(items: Any) -> tuple[Span, ...] | None:
        return (
            None if items is None else tuple(Span(s["start"], s["end"], s["label"]) for s in items)
        )

    def scored(items: Any) -> tuple[ScoredSpan, ...] | None:
        return None if items is None else tuple(ScoredSpan(**item) for item in items)

    return [
        LedgerEntry(
            response=Response(
                row["article_id"], row["annotator"], row["status"], topic(row["topic"]),
                spans(row["spans"]), row["answered_at"],
            ),
            guidelines=row["guidelines"],
            blind=row["blind"],
            suggested_topic=row["suggested_topic"],
            topic_agent=row["topic_agent"] or "",
            suggested_spans=scored(row["suggested_spans"]),
            spans_agent=row["spans_agent"] or "",
        )
        for row in rows
    ]  # fmt: skip


def simulated(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["article_id"], row["annotator"]) for row in rows if row["simulated"]}
