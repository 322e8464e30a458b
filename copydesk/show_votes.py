"""Agreement and resolution as tables for people."""

from collections.abc import Iterator, Mapping
from typing import Any

FIGURES = (
    "percent",
    "fleiss_kappa",
    "cohen_kappa",
    "krippendorff_alpha",
    "f1_exact",
    "f1_overlap",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "kappa",
)
# Of more pairs of annotators, those with most in common are shown.
MOST_PAIRS = 20


def agreement_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What was compared, then the figures of all, and of each part."""
    yield _head(found)
    yield (
        f"{found['compared']:,} items have answers of two or more annotators "
        f"({found['pairs_of_answers']:,} pairs of answers); 95 % intervals over items"
    )
    figures = list(_figures(found, "all answers are one label, so chance alone would agree"))
    yield from figures or ["nobody marked anything, so there is nothing to agree on"]
    for title, key in (
        ("annotator", "per_annotator"),
        ("label", "per_label"),
        ("guidelines", "per_guidelines"),
    ):
        yield from _table(title, found[key])
    pairs = {" and ".join(pair["annotators"]): pair for pair in found["pairs"]}
    yield from _table("pair", pairs)
    if found["pairs_left_out"]:
        yield f"and {found['pairs_left_out']:,} pairs of annotators with less in common: see --json"


def resolve_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """How it was decided, and how right that is."""
    yield _head(found)
    by = ", ".join(f"{rule} {count:,}" for rule, count in found["decided_by"].items())
    yield f"{found['questions']:,} questions by rule {found['rule']}: {by}"
    if "compared" not in found:
        return
    yield (
        f"against the gold of {found['compared']:,} "
        f"({found['without_gold']:,} without gold left out, {found['ties']:,} ties); "
        "95 % intervals over items"
    )
    for title, scores in (
        ("ties drawn by lot, on the mean", found),
        ("ties left out", found["ties_left_out"]),
        ("ties wrong", found["ties_wrong"]),
    ):
        yield f"{title}:"
        yield from (f"  {line}" for line in _figures(scores, "there is nothing to compare"))


def _head(found: Mapping[str, Any]) -> str:
    left = "".join(f"; {n:,} {reason} left out" for reason, n in found["left_out"].items())
    return (
        f"{found['data']} ({found['kind']}): {found['answers']:,} answers of "
        f"{found['annotators']:,} annotators to {found['items']:,} items{left}"
    )


def _figures(values: Mapping[str, Any], undefined: str) -> Iterator[str]:
    """``undefined``: why one of them is not defined."""
    for name in FIGURES:
        if name in values:
            reason = f": {undefined}" if values[name] is None else ""
            yield f"{name.replace('_', ' '):20} {_shown(values[name])}{reason}"


def _table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    names = [name for name in FIGURES if any(name in row for row in rows.values())]
    width = max(len(title), *(len(name) for name in rows))
    yield ""
    heads = "".join(f"  {name.replace('_', ' '):22}" for name in names)
    yield f"{title:{width}}  {'pairs':>7}{heads}".rstrip()
    for key, row in rows.items():
        cells = "".join(f"  {_shown(row[n]) if n in row else '':22}" for n in names)
        yield f"{key:{width}}  {row['pairs']:7,}{cells}".rstrip()


def _shown(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "not defined"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
