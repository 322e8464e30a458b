"""Responses by REST, with the times that the SDK drops."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import argilla as rg

from argilla_settings.connection import http
from argilla_settings.data_sets import guidelines_revision
from argilla_settings.records import has_article_id, to_article
from argilla_settings.suggestions import from_rest, from_values
from corpus.articles import Article, Response, Span
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry
from corpus.moves import NOTHING_MOVED, Moves, Origin, to_time
from corpus.settings.questions import OF_LABELS

BULK_MAX_RESPONSES = 100


@dataclass(frozen=True, slots=True)
class PulledRecord:
    """An article and the answers to it, as Argilla holds them now."""

    article: Article
    entries: tuple[LedgerEntry, ...]


def activity(client: rg.Argilla, dataset: rg.Dataset) -> dict[str, str]:
    """What moves when answers do: the time of the last answer, edit or discard, and the number
    of records, since a record that is deleted takes its answers with it.
    """
    address = f"/api/v1/datasets/{dataset.id}"
    about, progress = http(client).get(address), http(client).get(f"{address}/progress")
    about.raise_for_status()
    progress.raise_for_status()
    return {
        "dataset": str(dataset.id),
        "last_activity_at": str(about.json()["last_activity_at"]),
        "records": str(progress.json()["total"]),
    }


def pulled_records(
    rows: Iterable[Mapping[str, Any]],
    dataset: rg.Dataset,
    desk: Desk,
    moves: Moves = NOTHING_MOVED,
) -> Iterator[PulledRecord]:
    """Those of these rows of REST that are articles and have an answer.

    Answers that ``moves`` brought here from another server keep their person and time.
    """
    questions = {str(question.id): question.name for question in dataset.settings.questions}
    guidelines = guidelines_revision(dataset)
    for row in rows:
        if row.get("responses") and has_article_id(row):
            yield _pulled(row, questions, guidelines, desk, moves)


def pseudonym(user_id: str, desk: Desk) -> str:
    """The name an annotator has outside Argilla: one for each desk, also where its data set in
    Argilla was deleted and made again.
    """
    key = f"{desk.workspace}/{desk.name}:{user_id}"
    return "annotator-" + hashlib.sha256(key.encode()).hexdigest()[:8]


def _pulled(
    row: Mapping[str, Any],
    questions: Mapping[str, str],
    guidelines: str,
    desk: Desk,
    moves: Moves,
) -> PulledRecord:
    article = to_article(row)
    shown = from_rest(article, row.get("suggestions") or (), questions)
    blind = (row.get("metadata") or {}).get("blind") == "yes"
    entries = tuple(
        LedgerEntry(
            response=to_response(
                answer, article, desk, moves.origin(row["dataset_id"], article.id, answer)
            ),
            guidelines=guidelines,
            blind=blind,
            suggested_topic=shown.topic,
            suggested_topic_score=shown.topic_score,
            topic_agent=shown.topic_agent,
            suggested_spans=shown.spans,
            spans_agent=shown.spans_agent,
            suggested_topics=shown.topics,
        )
        for answer in row["responses"]
    )
    return PulledRecord(article, entries)


def to_response(
    answer: Mapping[str, Any], article: Article, desk: Desk, origin: Origin | None = None
) -> Response:
    """A response of REST, by ``origin`` where it is known to come from elsewhere.

    Of several topics, none chosen means that there is none, as Argilla takes no empty list.
    Topic and spans of a discard are ignored: the UI sends the suggestion there. What the desk asks
    besides is never suggested, so that is the annotator's own.
    """
    origin = origin or Origin(answer["user_id"], to_time(answer["updated_at"]))
    said = answer.get("values") or {}
    values = {} if answer["status"] == "discarded" else said
    topic = (values.get("topic") or {}).get("value")
    if topic is None and answer["status"] == "submitted" and desk.labels.several_topics:
        topic = []
    spans = (values.get("entities") or {}).get("value")
    if spans is None and answer["status"] == "submitted":
        spans = []
    return Response(
        article_id=article.id,
        annotator=pseudonym(origin.user_id, desk),
        status=answer["status"],
        topic=None if isinstance(topic, list) else topic,
        topics=tuple(sorted(topic)) if isinstance(topic, list) else None,
        spans=None if spans is None else tuple(sorted(_marked(article.text, spans))),
        answered_at=origin.answered_at,
        also=_also(said),
    )


def _also(said: Mapping[str, Any]) -> tuple[tuple[str, str | int], ...]:
    """Texts and ratings besides the labels', by name; a text of nothing but blanks is no answer.

    Not by what the desk asks now: an answer is not edited where a question changes its place.
    """
    found: list[tuple[str, str | int]] = []
    for name in sorted(said.keys() - set(OF_LABELS)):
        value = said[name].get("value")
        if isinstance(value, int) or (isinstance(value, str) and value.strip()):
            found.append((name, value))
    return tuple(found)


def _marked(text: str, values: Sequence[Mapping[str, Any]]) -> Iterator[Span]:
    """The spans without white space at their edges, which the UI leaves there where a script has
    no capital letters, and with Shift.
    """
    for span in from_values(text, values):
        mention = text[span.start : span.end]
        start = span.start + len(mention) - len(mention.lstrip())
        if mention.strip():
            yield Span(start, start + len(mention.strip()), span.label)


def submit_responses(client: rg.Argilla, answers: Sequence[Mapping[str, Any]]) -> int:
    """Submit ``{"record_id", "values"}`` as the user of this client; returns how many."""
    for start in range(0, len(answers), BULK_MAX_RESPONSES):
        items = [{**a, "status": "submitted"} for a in answers[start : start + BULK_MAX_RESPONSES]]
        sent = http(client).post("/api/v1/me/responses/bulk", json={"items": items})
        sent.raise_for_status()
        refused = [item["error"]["detail"] for item in sent.json()["items"] if item.get("error")]
        if refused:
            raise DeskError(
                f"Argilla refused {len(refused)} answers, the first: {refused[0]}.",
                "Correct the labels or spans of the source, then run it again.",
            )
    return len(answers)
