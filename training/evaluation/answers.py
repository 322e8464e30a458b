"""Scores of answers in JSON: can they be read, and is what they say right and in the text?"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.instruct.answers import (
    ENTITY,
    TOPIC,
    Answer,
    Questions,
    ReadAnswer,
    answer_labels,
    stands_in,
)
from corpus.intervals import RESAMPLES, Interval, ratio, resampled_totals
from training.evaluation.counts import Counts, draw_scores, f1, item_counts, require_pairs
from training.evaluation.scores import LabelScores, averages, estimate, label_scores


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Over ``n`` articles. An answer that cannot be read is wrong in everything that was asked.

    ``answer_f1``: micro-F1 of all that answers say, topics and entities (text and type) alike.
    ``hallucinated``: share of the entities named that do not stand in the text, None where none
    was named; ``named_nothing``: share of the articles with entities whose answer names none or
    cannot be read. ``labels``: of each topic and entity type. None where that was not asked;
    an F1 also where nothing is there and nothing was said.
    """

    n: int
    json_validity: Interval
    schema_validity: Interval
    answer_f1: Interval | None
    topic_accuracy: Interval | None
    entity_f1: Interval | None
    hallucinated: Interval | None
    named_nothing: Interval | None
    labels: dict[str, LabelScores]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, without what is None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def answer_counts(
    gold: Sequence[Answer], said: Sequence[Answer | None], labels: Sequence[str]
) -> Counts:
    """What was right, said and there of each label (``answer_labels``); None says nothing."""
    return item_counts(
        [_items(answer) for answer in gold],
        [_items(answer) for answer in said],
        labels,
    )


def score_answers(
    gold: Sequence[Answer],
    written: Sequence[ReadAnswer],
    invented: Sequence[Collection[str]],
    questions: Questions,
    seed: int,
    resamples: int = RESAMPLES,
) -> AnswerScores:
    """``invented`` are those of ``invented_names``. Raises ValueError without any answer, or for
    lists of different lengths.
    """
    require_pairs(gold, written)
    labels = answer_labels(questions)
    counts = answer_counts(gold, [read.answer for read in written], labels)
    shares = np.array([_shares(g, r) for g, r in zip(gold, written, strict=True)], dtype=float)
    drawn = draw_scores(counts, seed, resamples, shares, at_best=1)
    json_valid, schema_valid, topic_right = (ratio(drawn.also[:, i], drawn.n) for i in range(3))
    types = _columns(counts, range(len(questions.topics), len(labels)))
    return AnswerScores(
        n=len(gold),
        json_validity=estimate(json_valid),
        schema_validity=estimate(schema_valid),
        answer_f1=averages(drawn).micro_f1,
        topic_accuracy=estimate(topic_right) if questions.topics else None,
        entity_f1=averages(draw_scores(types, seed, resamples)).micro_f1
        if questions.types
        else None,
        hallucinated=_hallucinated(written, invented, seed, resamples) if questions.types else None,
        named_nothing=_named_nothing(gold, written, seed, resamples) if questions.types else None,
        labels=label_scores(labels, drawn),
    )


def answer_f1(gold: Sequence[Answer], said: Sequence[Answer | None]) -> float:
    """Micro-F1 of all that answers say; 0 where nothing is there and nothing was said."""
    pairs = [(set(_items(g)), set(_items(s))) for g, s in zip(gold, said, strict=True)]
    hits = sum(len(g & s) for g, s in pairs)
    return float(f1(hits, sum(len(s) for _, s in pairs), sum(len(g) for g, _ in pairs)))


def entity_answer_f1(gold: Answer, said: Answer) -> float:
    """F1 of the entities of one answer; 1 where there are none and none were named."""
    real, found = set(gold.entities or ()), set(said.entities or ())
    if not real and not found:
        return 1.0
    return 2 * len(real & found) / (len(real) + len(found))


def _items(answer: Answer | None) -> list[tuple[str, str]]:
    if answer is None:
        return []
    topic = [] if answer.topic is None else [(TOPIC + answer.topic, "")]
    return topic + [(ENTITY + m.type, m.text) for m in answer.entities or ()]


def _shares(gold: Answer, read: ReadAnswer) -> list[bool]:
    """Is it JSON, does it keep the schema, is its topic right?"""
    right = read.answer is not None and read.answer.topic == gold.topic
    return [read.is_json, read.answer is not None, right]


def _columns(counts: Counts, columns: Sequence[int]) -> Counts:
    """Of some labels alone."""
    at = list(columns)
    return Counts(counts.hit[:, at], counts.said[:, at], counts.real[:, at])


def _hallucinated(
    written: Sequence[ReadAnswer],
    invented: Sequence[Collection[str]],
    seed: int,
    resamples: int,
) -> Interval | None:
    """Each name counts once an article; by the article as all else."""
    said = [[("", name) for name in _names(read.answer)] for read in written]
    there = [
        [item for item in items if item[1] not in others]
        for items, others in zip(said, invented, strict=True)
    ]
    if not any(said):
        return None
    drawn = draw_scores(item_counts(there, said, [""]), seed, resamples)
    grounded = ratio(drawn.hit[:, 0], drawn.said[:, 0])
    return estimate(1 - grounded)


def _named_nothing(
    gold: Sequence[Answer], written: Sequence[ReadAnswer], seed: int, resamples: int
) -> Interval:
    """What cannot be read names nothing: a collapse into noise must not look clean."""
    columns = np.array(
        [
            [float(r.answer is None or not r.answer.entities), 1.0]
            for g, r in zip(gold, written, strict=True)
            if g.entities
        ]
    ).reshape(-1, 2)
    # One article either way, as everywhere here: few articles make no certainty.
    totals = resampled_totals(np.vstack([columns, [[1.0, 1.0], [0.0, 1.0]]]), seed, resamples)
    totals[0] = columns.sum(axis=0)
    return estimate(ratio(totals[:, 0], totals[:, 1]))


def invented_names(answer: Answer | None, text: str) -> list[str]:
    """Entities that the answer names and the text does not hold, each once."""
    return [name for name in _names(answer) if not stands_in(name, text)]


def _names(answer: Answer | None) -> list[str]:
    return sorted({m.text for m in (answer.entities or ())}) if answer else []
