"""The tables of wrong labels, and of what deciding ties would bring."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.tables import measured


def label_errors_table(found: Mapping[str, Any]) -> list[str]:
    """Each way of doubting on each set of labels; few labels; ties decided (simulated)."""
    looked_at, recalled = found["looked_at"], found["recalled"]
    return [
        measured(found, "95 % intervals, 1,000 resamples of items"),
        "",
        f"| labels taken for gold | wrong | ranked by | wrong among the first {looked_at} | "
        f"of all wrong ones among the first {recalled} |",
        "| --- | ---: | --- | ---: | ---: |",
        *(line for given in found["given"] for line in _ways(given)),
        "",
        *_few(found["few"]),
        *_few_trained(found.get("few_trained")),
        "",
        _ties(found["adjudication"]),
    ]


def _ways(given: Mapping[str, Any]) -> Iterator[str]:
    share = given["wrong"] / given["labels"]
    of = f"{given['given']} | {given['wrong']:,} of {given['labels']:,} ({share:.1%})"
    for way, figures in given["ways"].items():
        cells = " | ".join(shown(figures[name]) for name in ("precision", "recall"))
        yield f"| {of} | {way} | {cells} |"
    cells = " | ".join(shown(given["difference"][n], "+") for n in ("precision", "recall"))
    yield f"| | | cleanlab beside {given['better_than']} | {cells} |"
    right = f"{given['suspected_wrong']:,} of them are"
    yield f"| | | cleanlab estimates {given['suspected']:,} to be wrong; {right} | | |"


def _few(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    names = [name for name in rows[0] if name not in ("labels", "draws", "wrong", "difference")]
    heads = " | ".join(names)
    yield f"| labels of one annotator | wrong | {heads} | difference |"
    yield "| ---: " * (len(names) + 3) + "|"
    for row in rows:
        cells = " | ".join(shown(row[name]) for name in ("wrong", *names))
        yield f"| {row['labels']:,} | {cells} | {shown(row['difference'], '+')} |"
    yield ""
    yield (
        f"Wrong ones in the first tenth; means of {rows[0]['draws']} draws, intervals over draws."
    )


def _few_trained(found: Mapping[str, Any] | None) -> Iterator[str]:
    if found:
        names = [name for name in found if name.startswith(("trained", "cleanlab"))]
        counts = ", ".join(f"{name}: {found[name]}" for name in names)
        yield ""
        yield (
            f"Wrong ones among {found['looked_at']}, the first tenths of {found['labels']} labels "
            f"in {found['models']} draws: {counts}. The trained models contradict "
            f"{found['doubted']} of all labels that they learned."
        )


def _ties(found: Mapping[str, Any]) -> str:
    return (
        f"**Simulated:** if somebody who is always right decided the {found['ties']} ties of the "
        f"majority among {found['items']:,} items, accuracy would be {shown(found['adjudicated'])} "
        f"instead of {shown(found['by_lot'])} with ties drawn by lot: "
        f"{shown(found['difference'], '+')}."
    )


def shown(figure: Mapping[str, float], sign: str = "") -> str:
    """With its interval."""
    low, high = (f"{figure[name]:{sign}.3f}" for name in ("low", "high"))
    return f"{figure['value']:{sign}.3f} [{low}, {high}]"
