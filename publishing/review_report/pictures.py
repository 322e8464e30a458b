"""Which charts the page has; none of too little."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from publishing.review_report.charts import draw_days, draw_people, draw_shares, draw_time

# More lines than these are a tangle.
MOST_LINES = 6


def draw_pictures(report: Mapping[str, Any]) -> dict[str, Markup]:
    """Name → ``<svg>``."""
    found = {}
    if len(report["progress"]["days"]) > 1:
        found["days"] = draw_days(report["progress"]["days"])
    speeds = report["speed"]["annotators"]
    if any(speed["median_seconds"] for speed in speeds):
        medians = {"": [speed["median_seconds"] for speed in speeds]}
        names = [speed["annotator"] for speed in speeds]
        found["speed"] = draw_people(names, medians, "median seconds an answer")
    found |= _agreement(report["agreement"], report["several_topics"])
    found |= _over_time(report)
    return {name: Markup(svg) for name, svg in found.items()}


def most_frequent(periods: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """At most ``MOST_LINES`` labels, those with most of the shares."""
    totals: dict[str, float] = {}
    for period in periods:
        for label, share in period[kind].items():
            totals[label] = totals.get(label, 0) + (share["value"] if share else 0)
    return sorted(totals, key=lambda label: (-totals[label], label))[:MOST_LINES]


def _agreement(agreement: Mapping[str, Any], several_topics: bool) -> dict[str, str]:
    people: dict[str, dict[str, Any]] = {}
    of_topics = ("f1_exact", "topic F1") if several_topics else ("percent", "same topic")
    for kind, figure, title in (
        ("topics", *of_topics),
        ("spans", "f1_exact", "span F1"),
    ):
        for part in (agreement[kind] or {}).get("annotators", ()):
            people.setdefault(part["names"][0], {})[title] = part["values"].get(figure)
    titles = sorted({title for of in people.values() for title, f in of.items() if f})
    if not titles:
        return {}
    series = {title: [of.get(title) for of in people.values()] for title in titles}
    return {"agreement": draw_people(list(people), series, "agreement with all others")}


def _over_time(report: Mapping[str, Any]) -> dict[str, str]:
    periods = report["periods"]["periods"]
    if len(periods) < 2:
        return {}
    starts = [period["starts"] for period in periods]
    changes = [change["day"] for change in report["drift"]["changes"]]
    found = {}
    same = "same topics" if report["several_topics"] else "same topic"
    lines = {
        title: [period[figure] for period in periods]
        for title, figure in ((same, "topic_percent"), ("span F1", "span_f1"))
    }
    lines = {title: figures for title, figures in lines.items() if any(figures)}
    if lines:
        found["drift"] = draw_time(starts, lines, "agreement", changes)
    for kind, title in (("topics", "share of topics"), ("types", "share of entity types")):
        shares = {
            label: [period[kind][label] for period in periods]
            for label in most_frequent(periods, kind)
        }
        if any(any(figures) for figures in shares.values()):
            found[kind] = draw_shares(starts, shares, title, changes)
    return found
