"""Simulated reviewers answer over Argilla's REST API, each with an account of its own."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import argilla as rg

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import ensure_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from argilla_settings.responses import pseudonym, submit_responses
from argilla_settings.suggestions import from_rest, to_values
from corpus.articles import Article, Prediction
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.moves import NOTHING_MOVED, Moves
from corpus.simulation import SimulatedReviewer
from corpus.statements import StatementKey

log = logging.getLogger(__name__)


def annotator_keys(accounts: Path) -> dict[str, str]:
    """Annotator name → API key, from the accounts file that ``copydesk up`` wrote.

    Accounts of people (``copydesk users add``) stand in it too: nobody answers in their name.
    """
    try:
        users = json.loads(accounts.read_text(encoding="utf-8"))
        reviewers = {n: u for n, u in sorted(users.items()) if not u.get("person")}
        keys = {n: u["api_key"] for n, u in reviewers.items() if u["role"] == "annotator"}
    except OSError as error:
        raise DeskError(
            f"Accounts file {accounts} cannot be read: {error.strerror}.",
            "Simulated reviewers need annotator accounts: run copydesk up, or pass --accounts.",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeskError(
            f"{accounts} is not an accounts file ({type(error).__name__}: {error}).",
            'Write {"name": {"role": "annotator", "api_key": "…"}}, or leave out --accounts.',
        ) from error
    if not keys:
        raise DeskError(f"{accounts} holds no annotator.", "Add accounts of role annotator.")
    return keys


def review(
    desk: Desk,
    articles: Sequence[Article],
    keys: Mapping[str, str],
    before_submit: Callable[[list[StatementKey]], None],
    moves: Moves = NOTHING_MOVED,
) -> int:
    """Let each simulated reviewer answer what it has not answered; returns new answers.

    Only ``articles`` are answered, and only those that are in Argilla. Reviewers answer in
    the order of the keys, with the noise that the desk gives to each and its pull towards the
    suggestions that stand there. ``before_submit`` is told
    which answers are about to be simulated, so that nobody takes them for people's.
    """
    gold = {article.id: article for article in articles}
    owner = connect()
    dataset = ensure_dataset(owner, desk, NEWS)
    included = list_rows(owner, dataset, ("responses", "suggestions"))
    rows = [row for row in included if row["external_id"] in gold]
    shown = _shown(dataset, rows, gold)
    noise = zip(desk.simulation.topic_noise, desk.simulation.span_noise, strict=False)
    answered = 0
    for (name, key), (topic_noise, span_noise) in zip(keys.items(), noise, strict=False):
        reviewer = SimulatedReviewer(
            name, topic_noise, span_noise, desk.simulation.seed, desk.simulation.pull
        )
        client = connect(api_key=key, manage=False)
        me = http(client).get("/api/v1/me").json()["id"]
        _admit(owner, dataset, me)
        open_rows = _unanswered(me, rows)
        answers = [
            _to_answer(reviewer, gold[i], shown[i], row["id"], desk)
            for row in open_rows
            for i in [row["external_id"]]
        ]
        name_outside = pseudonym(moves.person(me), desk)
        before_submit([(row["external_id"], name_outside) for row in open_rows])
        answered += submit_responses(client, answers)
        log.info("%s (simulated) answered %d records", name, len(answers))
    return answered


def _admit(owner: rg.Argilla, dataset: rg.Dataset, user_id: str) -> None:
    """Make the reviewer a member of the desk's workspace."""
    address = f"/api/v1/workspaces/{dataset.workspace.id}/users"
    members = http(owner).get(address)
    members.raise_for_status()
    if user_id not in {user["id"] for user in members.json()["items"]}:
        http(owner).post(address, json={"user_id": user_id}).raise_for_status()


def _unanswered(me: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if me not in {r["user_id"] for r in row.get("responses") or ()}]


def _shown(
    dataset: rg.Dataset, rows: Sequence[Mapping[str, Any]], articles: Mapping[str, Article]
) -> dict[str, Prediction]:
    questions = {str(question.id): question.name for question in dataset.settings.questions}
    return {
        i: from_rest(articles[i], row.get("suggestions") or (), questions)
        for row in rows
        for i in [row["external_id"]]
    }


def _to_answer(
    reviewer: SimulatedReviewer, article: Article, shown: Prediction, record_id: str, desk: Desk
) -> dict[str, Any]:
    answer = reviewer.answer(article, list(desk.labels.topics), list(desk.labels.entities), shown)
    values: dict[str, Any] = {}
    if answer.topic is not None:
        values["topic"] = {"value": answer.topic}
    if answer.topics:
        values["topic"] = {"value": list(answer.topics)}
    if answer.spans is not None:
        values["entities"] = {"value": to_values(article.text, answer.spans)}
    return {"record_id": record_id, "values": values}
