"""Candidate against the last published model: the verdict, kept beside the candidate."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.gold import Gold
from flows.answers import constant_answers
from flows.frozen_test import Pairs, gold_of_test, pairs_digest
from flows.grpo_choice import grpo_tried
from flows.hub_access import hub_api
from flows.model_store import Kind, StoredModel, desk_labels, desk_repo, require_model
from flows.published_rows import PREVIOUS, UnaskableError, published_rows
from flows.row_scores import Row, counted_labels, has_sets, row_counts
from publishing.manifest_parts import Gate
from publishing.predictions import FOLDER, read_predictions, topics_of, write_predictions
from publishing.published_model import (
    PublishedModel,
    is_same_model,
    last_published,
    published_file,
)
from training.evaluation.gate import AGAINST, FIRST, Question, Verdict, judge, judge_first
from training.evaluation.paired import Comparison

log = logging.getLogger("flows.gate")

VERDICT = "verdict.json"
SCORES = {"topics": "accuracy", "entities": "span F1", "instructions": "answer F1"}


@dataclass(frozen=True, slots=True)
class Judged:
    """``gate`` is None where this very model was published by a Copydesk without a gate.

    ``published`` is the tag of the version that stands in the repository, empty for none;
    ``is_published``: that version is this model, which is not judged anew.
    """

    kind: Kind
    repo_id: str
    gate: Gate | None
    published: str
    is_published: bool

    @property
    def ships(self) -> bool:
        """Whether the model goes out; one that is out gets its card of today."""
        if self.is_published or self.gate is None:
            return True
        return self.gate.forced or self.gate.verdict == "publish"


def gate_score(desk: Desk, kind: Kind) -> str:
    """What is compared: of several topics an article the F1 over all of them."""
    return "topic F1" if kind == "topics" and desk.labels.several_topics else SCORES[kind]


@task(cache_policy=NO_CACHE)
def judge_model(desk: Desk, gold: Gold, kind: Kind, force: bool = False) -> Judged:
    """The verdict on the model trained on what is reviewed now; ``force`` lets it out anyway."""
    stored = require_model(desk, gold, kind)
    repo_id = desk_repo(desk, kind)
    published = last_published(hub_api(), repo_id, kind)
    tag = published.tag if published else ""
    if published and is_same_model(published, stored.model):
        file = published_file(hub_api(), published, f"{FOLDER}/{PREVIOUS}.jsonl")
        _keep_previous(stored, read_predictions(file) if file else None)
        return Judged(kind, repo_id, published.gate, tag, is_published=True)
    try:
        gate = _judged(desk, gold, kind, stored, published)
    except UnaskableError as error:
        if not force or published is None:
            raise
        unknown = Verdict("not enough evidence", AGAINST, (error.problem,), None)
        gate = _gate(desk, unknown, kind, gold_of_test(desk, gold, kind), published, tag)
    said = {"reasons": [*gate.reasons, *grpo_tried(stored)]}
    gate = gate.model_copy(update=said | {"forced": force and gate.verdict != "publish"})
    stored.write(VERDICT, gate.model_dump())
    log.info("%s of %s: %s. %s", kind, desk.name, gate.verdict, " ".join(gate.reasons))
    return Judged(kind, repo_id, gate, tag, is_published=False)


def stored_gate(stored: StoredModel) -> Gate | None:
    """The last verdict on a stored model, None before the first."""
    found = stored.read(VERDICT)
    return Gate.model_validate(found) if found else None


def _judged(
    desk: Desk, gold: Gold, kind: Kind, stored: StoredModel, published: PublishedModel | None
) -> Gate:
    """Judge, and keep what the published model said beside what the candidate said."""
    pairs, labels = gold_of_test(desk, gold, kind), desk_labels(desk, kind)
    mine = read_predictions(stored.predictions("test"))
    question = Question(counted_labels(kind, labels), gate_score(desk, kind), desk.models.seed)
    candidate = row_counts(mine, kind, labels)
    known = [label for label in labels if published and label in published.labels]
    if published is None or not known:
        _keep_previous(stored, None)
        rows, against = _constant(mine, kind)
        verdict = judge_first(
            row_counts(rows, kind, labels), candidate, against, question, desk.gate
        )
    else:
        rows, against = published_rows(desk, kind, published, pairs), published.tag
        _keep_previous(stored, rows)
        verdict = judge(row_counts(rows, kind, labels), candidate, known, question, desk.gate)
    return _gate(desk, verdict, kind, pairs, published, against)


def _gate(
    desk: Desk,
    verdict: Verdict,
    kind: Kind,
    pairs: Pairs,
    published: PublishedModel | None,
    against: str,
) -> Gate:
    labels = desk_labels(desk, kind)
    others = [] if published is None else [k for k in published.labels if k not in labels]
    return Gate(
        verdict=verdict.verdict,
        rule=verdict.rule,
        reasons=[*verdict.reasons, *_about_labels(verdict, published, others)],
        against=against,
        against_revision=published.revision if published else "",
        other_labels=others,
        test_articles=len(pairs),
        test_digest=pairs_digest(pairs),
        score=gate_score(desk, kind),
        floor_labels=list(verdict.floor_labels),
        **_measured(verdict.comparison),
        **desk.gate.model_dump(),
    )


def _about_labels(
    verdict: Verdict, published: PublishedModel | None, others: Sequence[str]
) -> list[str]:
    """In words, where the published model knows other labels than the desk."""
    if published and verdict.rule == FIRST:
        return [f"The published {published.tag} knows none of the labels of today."]
    if published and others:
        return [
            f"The published {published.tag} also knows {', '.join(others)}, which is not asked."
        ]
    return []


def _measured(compared: Comparison | None) -> dict[str, Any]:
    if compared is None:
        return {}
    return {
        "overall": asdict(compared.overall),
        "better_percent": 100 * compared.better,
        "labels": {k: asdict(d) for k, d in compared.labels.items() if d.support},
    }


def _constant(rows: Sequence[Row], kind: Kind) -> tuple[list[dict[str, Any]], str]:
    """What anybody has for nothing: the topic that is right most often, or no span at all."""
    if kind == "entities":
        return [dict(row) | {"predicted": []} for row in rows], "finding nothing"
    if kind == "instructions":
        return constant_answers(rows)
    sets = has_sets(rows)
    counts = Counter(topic for row in rows for topic in topics_of(row, "gold"))
    if not counts:
        return [dict(row) | {"predicted": []} for row in rows], "answering none"
    topic = min(counts, key=lambda name: (-counts[name], name))
    said = [topic] if sets else topic
    return [dict(row) | {"predicted": said} for row in rows], f"always answering {topic}"


def _keep_previous(stored: StoredModel, rows: list[dict[str, Any]] | None) -> None:
    file = stored.predictions(PREVIOUS)
    if rows is None:
        file.unlink(missing_ok=True)
    else:
        write_predictions(rows, file)
