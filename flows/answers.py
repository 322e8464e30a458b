"""Answers of instruction models, row by row: a row holds gold, what was written, what it says.

Every score of an instruction model is computed from such rows, which are published with it.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from corpus.articles import Article, Span
from corpus.instruct.answers import (
    Answer,
    Mention,
    Questions,
    ReadAnswer,
    mentions,
    read_answer,
    to_json,
)
from corpus.instruct.pairs import Pair
from corpus.intervals import resampled_totals, to_interval
from flows.model_store import Kind
from publishing.predictions import Row
from training.evaluation.answers import answer_counts, invented_names, score_answers
from training.evaluation.counts import Counts
from training.instruct.perplexity import Surprise


def answer_row(
    pair: Pair, written: str, surprise: Surprise | None = None, about: Row | None = None
) -> dict[str, Any]:
    """As it is published; ``predicted`` is None for what keeps no schema, ``problem`` says why."""
    read = read_answer(written, pair.questions)
    return {
        "id": pair.id,
        "gold": _said(pair.answer),
        "predicted": None if read.answer is None else _said(read.answer),
        "written": written,
        "is_json": read.is_json,
        "problem": read.problem,
        "invented": invented_names(read.answer, pair.text),
        **({} if surprise is None else {"nats": surprise.nats, "tokens": surprise.tokens}),
        **({"about": dict(about)} if about else {}),
    }


def classified_rows(
    chats: Sequence[tuple[Article, Pair]], said: Mapping[Kind, Sequence[Row]]
) -> list[dict[str, Any]]:
    """What topic and entity model say of the same articles, as if they had answered.

    ``said`` are the rows that scoring keeps of each kind. None at all where a model was not asked
    about one of the articles: a comparison is on the same articles or it is none.
    """
    by_id = {kind: {row["id"]: row["predicted"] for row in rows} for kind, rows in said.items()}
    if any(pair.id not in found for _, pair in chats for found in by_id.values()):
        return []
    return [
        answer_row(
            pair,
            to_json(
                Answer(
                    by_id["topics"][pair.id] if "topics" in by_id else None,
                    mentions(article.text, _spans(by_id["entities"][pair.id]))
                    if "entities" in by_id
                    else None,
                )
            ),
        )
        for article, pair in chats
    ]


def constant_answers(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], str]:
    """What anybody has for nothing: the topic that is right most often, and no entity."""
    counts = Counter(row["gold"].get("topic") for row in rows)
    topic = min(counts, key=lambda name: (-counts[name], name or ""), default=None)
    entities: list[Any] | None = [] if any("entities" in row["gold"] for row in rows) else None
    said = {k: v for k, v in (("topic", topic), ("entities", entities)) if v is not None}
    name = f"always answering {topic}" if topic else "finding nothing"
    same = {"predicted": said, "is_json": True, "problem": "", "invented": []}
    return [dict(row) | same for row in rows], name


def score_answer_rows(rows: Sequence[Row], questions: Questions, seed: int) -> dict[str, Any]:
    """training.evaluation.answers of rows, and the perplexity where they tell it."""
    scores = score_answers(
        [_answer(row["gold"]) for row in rows],
        [_read(row) for row in rows],
        [row["invented"] for row in rows],
        questions,
        seed,
    ).to_dict()
    if all("nats" in row for row in rows):
        scores["perplexity"] = _perplexity(rows, seed)
    return scores


def answer_row_counts(rows: Sequence[Row], labels: Sequence[str]) -> Counts:
    """For the gate: what is right, said and there of each label."""
    said = [None if row["predicted"] is None else _answer(row["predicted"]) for row in rows]
    return answer_counts([_answer(row["gold"]) for row in rows], said, labels)


def _perplexity(rows: Sequence[Row], seed: int) -> dict[str, float]:
    """exp of the mean surprise a token of the right answers, with its interval by the article."""
    columns = np.array([[row["nats"], row["tokens"]] for row in rows])
    totals = resampled_totals(columns, seed)
    values = np.exp(totals[:, 0] / totals[:, 1])
    found = to_interval(values[0], values[1:])
    return {"value": found.value, "low": found.low, "high": found.high}


def _read(row: Row) -> ReadAnswer:
    said = row["predicted"]
    answer = None if said is None else _answer(said)
    return ReadAnswer(answer, row["is_json"], row["problem"])


def _said(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(to_json(answer))
    return said


def _answer(said: Row) -> Answer:
    found = said.get("entities")
    entities = None if found is None else tuple(Mention(m["text"], m["type"]) for m in found)
    return Answer(said.get("topic"), entities)


def _spans(found: Sequence[Row]) -> list[Span]:
    return [Span(span["start"], span["end"], span["label"]) for span in found]
