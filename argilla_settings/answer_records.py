"""Generation → rg.Record, and the opinions of annotators by REST."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import argilla as rg

from argilla_settings.answers import CORRECTION, RATING
from argilla_settings.data_sets import guidelines_revision
from argilla_settings.records import article_fields, list_rows
from argilla_settings.responses import pseudonym
from argilla_settings.shown_text import to_shown
from argilla_settings.suggestions import to_agent
from corpus.articles import Article
from corpus.desk import Desk
from corpus.instruct.answers import Answer, Questions, read_answer, stands_in, to_lines
from corpus.instruct.opinions import Generation, Opinion
from corpus.moves import NOTHING_MOVED, Moves


def to_answer_record(generation: Generation, article: Article, questions: Questions) -> rg.Record:
    """The record of a generation: what was written is suggested, so that to correct is to edit."""
    written = generation.written
    answer = read_answer(written, questions).answer
    suggestion = rg.Suggestion(
        question_name=CORRECTION,
        value=written if answer is None else to_lines(answer),
        agent=to_agent(f"instructions:{generation.model}"),
    )
    return rg.Record(
        id=generation.id,
        fields={
            **article_fields(article),
            "answer": to_shown(readable(written, article, questions)),
        },
        metadata={
            "model": generation.model,
            "valid": "no" if answer is None else "yes",
            "phrasing": generation.phrasing,
        },
        suggestions=[suggestion] if written.strip() else [],
    )


def readable(written: str, article: Article, questions: Questions) -> str:
    """An answer as people read it; what keeps no schema as it is, with the reason."""
    read = read_answer(written, questions)
    if read.answer is None:
        return f"Breaks the form ({read.problem}):\n\n{written.strip() or '(nothing)'}"
    lines = [] if read.answer.topic is None else [f"Topic: {read.answer.topic}"]
    if read.answer.entities is not None:
        lines += _entity_lines(read.answer, questions)
        invented = [m.text for m in read.answer.entities if not stands_in(m.text, article.text)]
        lines += [f"Not in the article: {'; '.join(invented)}"] if invented else []
    return "\n".join(lines)


def known_ids(client: rg.Argilla, dataset: rg.Dataset) -> set[str]:
    """Ids of the generations that have a record."""
    return {row["external_id"] for row in list_rows(client, dataset)}


def pull_opinions(
    client: rg.Argilla,
    dataset: rg.Dataset,
    desk: Desk,
    generations: Iterable[str],
    moves: Moves = NOTHING_MOVED,
) -> tuple[list[Opinion], int]:
    """Every opinion of these generations, and how many are of records that nobody here loaded."""
    known, guidelines = set(generations), guidelines_revision(dataset)
    found: list[Opinion] = []
    strange = 0
    for row in list_rows(client, dataset, ("responses",)):
        answers: Sequence[Mapping[str, Any]] = row.get("responses") or ()
        if row["external_id"] not in known:
            strange += len(answers)
            continue
        found += [_opinion(row, answer, desk, guidelines, moves) for answer in answers]
    return found, strange


def _opinion(
    row: Mapping[str, Any], answer: Mapping[str, Any], desk: Desk, guidelines: str, moves: Moves
) -> Opinion:
    """Values of a discard are ignored: the UI sends the suggestion there."""
    origin = moves.origin(row["dataset_id"], row["external_id"], answer)
    values = {} if answer["status"] == "discarded" else answer.get("values") or {}
    return Opinion(
        generation=row["external_id"],
        annotator=pseudonym(origin.user_id, desk),
        status=answer["status"],
        rating=(values.get(RATING) or {}).get("value"),
        correction=(values.get(CORRECTION) or {}).get("value") or "",
        answered_at=origin.answered_at,
        guidelines=guidelines,
    )


def _entity_lines(answer: Answer, questions: Questions) -> list[str]:
    """A line for each type that is named, in schema order."""
    if not answer.entities:
        return ["No entities"]
    return [
        f"{kind}: {'; '.join(names)}"
        for kind in questions.types
        if (names := [m.text for m in answer.entities if m.type == kind])
    ]
