"""Open articles → records for adjudicators, without names; marked when they are open no more."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import argilla as rg

from argilla_settings.adjudication import ANSWERS, NEEDED, OPEN
from argilla_settings.data_sets import dataset_url
from argilla_settings.records import (
    PAGE,
    article_fields,
    has_article_id,
    list_rows,
    log_records,
)
from argilla_settings.rest import send
from argilla_settings.suggestions import to_suggestions
from corpus.adjudication import AGENT, Tally, most_frequent
from corpus.articles import Span

# CommonMark takes a backslash before each of these for the character itself.
MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
LONG_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class LoadedTallies:
    """``new`` records since this load, ``told`` anew since the answers changed, and ``marked`` as
    open or no longer open.
    """

    new: int
    told: int
    marked: int


def load_tallies(
    client: rg.Argilla, dataset: rg.Dataset, tallies: Mapping[str, Tally], withdrawn: set[str]
) -> LoadedTallies:
    """Give each open article a record, and mark the records of all others as not needed.

    A record that an adjudicator has touched keeps what it shows, whatever annotators answer later.
    Records are never deleted, since their answers would go with them; ``withdrawn`` are articles
    whose record people deleted, which stay out.
    """
    listed = list_rows(client, dataset, ("responses", "suggestions"))
    rows = {row["external_id"]: row for row in listed if _is_ours(row)}
    records = {i: to_tally_record(t) for i, t in tallies.items() if i in rows or i not in withdrawn}
    new = [record for i, record in records.items() if i not in rows]
    stale = {i: _stale(dataset, rows[i], r) for i, r in records.items() if i in rows}
    told = [records[i] for i in stale if _is_outdated(rows[i], records[i], stale[i])]
    for record in told:
        _delete_suggestions(client, rows[record.id], stale[record.id])
    for start in range(0, len(new) + len(told), PAGE):
        log_records(dataset, [*new, *told][start : start + PAGE])
    retold = {record.id for record in told}
    kept = [row for i, row in rows.items() if i not in retold]
    return LoadedTallies(len(new), len(told), _mark(client, dataset, kept, tallies))


def adjudication_url(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """Where adjudicators find what is still open and not yet decided."""
    query = urlencode({"status": "pending", "metadata": f"{NEEDED}.yes"})
    return f"{dataset_url(client, dataset)}?{query}"


def to_tally_record(tally: Tally) -> rg.Record:
    """The record of an open article; no annotator's name is in it."""
    return rg.Record(
        id=tally.article.id,
        fields={**article_fields(tally.article), ANSWERS: to_markdown(tally)},
        metadata={
            NEEDED: "yes",
            OPEN: _open(tally),
            "blind": "yes" if tally.blind else "no",
        },
        suggestions=to_suggestions(most_frequent(tally), tally.article.text),
    )


def to_markdown(tally: Tally) -> str:
    """How many gave each answer. Words of the article and of the desk are escaped."""
    lines = []
    if tally.chose:
        named = "Topics" if tally.several else "Topic"
        heading = f"{named} (open)" if tally.topic_is_open else named
        lines += [f"**{heading}**, of {tally.chose} answers:", ""]
        lines += [f"- {escape(topic)}: {votes}" for topic, votes in tally.topics.items()]
        lines += [] if tally.topics else ["- none"]
    if tally.looked:
        heading = "Entities" if tally.spans is not None else "Entities (open)"
        lines += ["", f"**{heading}**, marked by how many of {tally.looked}:", ""]
        lines += [*_marks(tally)] or ["- nothing"]
    return "\n".join(lines).strip()


def escape(words: str) -> str:
    """Words in one line of Markdown, where they mean themselves, and nothing else."""
    line = " ".join(words.split())
    shown = line if len(line) <= LONG_CHARACTERS else f"{line[: LONG_CHARACTERS - 1]}…"
    return MARKUP.sub(r"\\\1", shown)


def _is_ours(row: Mapping[str, Any]) -> bool:
    return has_article_id(row) and NEEDED in (row.get("metadata") or {})


def _mark(
    client: rg.Argilla,
    dataset: rg.Dataset,
    rows: Sequence[Mapping[str, Any]],
    needed: Collection[str],
) -> int:
    """Say which articles are open still; answers and suggestions stay. Returns how many changed."""
    items = []
    for row in rows:
        now = "yes" if row["external_id"] in needed else "no"
        if row["metadata"][NEEDED] != now:
            items.append({"id": row["id"], "metadata": {**row["metadata"], NEEDED: now}})
    for start in range(0, len(items), PAGE):
        page = items[start : start + PAGE]
        send(client, "PUT", f"datasets/{dataset.id}/records/bulk", {"items": page})
    return len(items)


def _marks(tally: Tally) -> Iterator[str]:
    """A line for each entity type, its mentions in the order of the text."""
    for kind in dict.fromkeys(sorted(span.label for span in tally.marks)):
        said = [
            f"{_mention(tally.article.text, span)} ({votes})"
            for span, votes in tally.marks.items()
            if span.label == kind
        ]
        yield f"- {escape(kind)}: {', '.join(said)}"


def _mention(text: str, span: Span) -> str:
    """The words, and at which of their places in the text where there are several."""
    words = text[span.start : span.end]
    before = text.count(words, 0, span.start)
    several = before or text.find(words, span.end) >= 0
    return f"{escape(words)} [no. {before + 1}]" if several else escape(words)


def _open(tally: Tally) -> str:
    questions: Sequence[str] = [
        *(["topic"] if tally.topic_is_open else []),
        *(["entities"] if tally.spans is None and tally.looked else []),
    ]
    return " and ".join(questions)


def _is_outdated(row: Mapping[str, Any], record: rg.Record, stale: Collection[str]) -> bool:
    """Whether nobody has touched it and annotators answer otherwise than it tells."""
    if row.get("responses"):
        return False
    told, metadata = row["fields"].get(ANSWERS), row["metadata"]
    wanted = dict(record.metadata)
    differs = told != record.fields[ANSWERS] or any(metadata.get(k) != wanted[k] for k in wanted)
    return bool(stale) or bool(differs)


def _stale(dataset: rg.Dataset, row: Mapping[str, Any], record: rg.Record) -> list[str]:
    """Ids of our suggestions for questions of which the record suggests nothing any more."""
    names = {str(question.id): question.name for question in dataset.settings.questions}
    suggested = {suggestion.question_name for suggestion in record.suggestions}
    return [
        suggestion["id"]
        for suggestion in row.get("suggestions") or ()
        if suggestion["agent"] == AGENT and names[suggestion["question_id"]] not in suggested
    ]


def _delete_suggestions(client: rg.Argilla, row: Mapping[str, Any], ids: Iterable[str]) -> None:
    """Argilla's upsert changes and adds suggestions, and leaves those that are not sent."""
    listed = ",".join(ids)
    if listed:
        send(client, "DELETE", f"records/{row['id']}/suggestions?ids={listed}")
