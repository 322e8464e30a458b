"""What moved to another Argilla server, and who gave it when: remembered beside the ledger.

A new server gives users other ids where a name was taken, and every answer the time of its import.
An import therefore notes the original person and time of each answer before it writes the answer,
and a pull reads them. What people answer or edit on the new server has its own time.

Rows in the desk's folder: ``people`` (user id there → user id first seen), ``moved`` (one for each
imported answer), ``imports`` (begun, and done when).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from corpus.ledger import Ledger

# Argilla data set, article, user id there.
Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose answer it is, by the first user id this desk knew them by, and when it was given."""

    user_id: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class MovedAnswer:
    """One answer that an import is about to write."""

    dataset_id: str
    article_id: str
    user_id: str
    digest: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Moves:
    """All that was noted for one desk. Empty where nothing ever moved."""

    people: Mapping[str, str]
    answers: Mapping[Place, MovedAnswer]
    unfinished: frozenset[str] = frozenset()
    # Data set → when everything was there, by its server's clock.
    done_at: Mapping[str, datetime] = field(default_factory=dict)

    def person(self, user_id: str) -> str:
        """The user id by which this desk first knew the person."""
        return self.people.get(user_id, user_id)

    def origin(self, dataset_id: str, article_id: str, answer: Mapping[str, Any]) -> Origin:
        """Origin of an answer as REST sends it from this data set.

        An imported answer keeps its first time as long as it is as it was imported.
        """
        user_id = answer["user_id"]
        moved = self.answers.get((dataset_id, article_id, user_id))
        if moved is not None and self._is_as_imported(moved, answer):
            return Origin(self.person(user_id), moved.answered_at)
        return Origin(self.person(user_id), to_time(answer["updated_at"]))

    def _is_as_imported(self, moved: MovedAnswer, answer: Mapping[str, Any]) -> bool:
        given, touched = to_time(answer["inserted_at"]), to_time(answer["updated_at"])
        # Deleted there, and given again.
        if given > self.done_at.get(moved.dataset_id, given):
            return False
        # argilla-server gives the answers of one bulk call the first one's time as `updated_at`,
        # so that of an answer never touched is equal or a little earlier.
        return touched <= given and moved.digest == answer_digest(answer)

    def count(self, dataset_id: str) -> int:
        """How many answers were imported into this Argilla data set."""
        return sum(place[0] == dataset_id for place in self.answers)


NOTHING_MOVED = Moves({}, {})


def read_moves(ledger: Ledger) -> Moves:
    """What imports noted beside this ledger."""
    people = {row["user"]: row["origin"] for row in ledger.rows("people")}
    answers = {
        (row["dataset"], row["article"], row["user"]): MovedAnswer(
            row["dataset"],
            row["article"],
            row["user"],
            row["digest"],
            datetime.fromisoformat(row["answered_at"]),
        )
        for row in ledger.rows("moved")
    }
    # The last row of a data set counts.
    done = {row["dataset"]: row["done_at"] for row in ledger.rows("imports")}
    return Moves(
        people,
        answers,
        frozenset(dataset for dataset, at in done.items() if not at),
        {dataset: datetime.fromisoformat(at) for dataset, at in done.items() if at},
    )


def note_begun(ledger: Ledger, dataset_id: str, people: Mapping[str, str]) -> None:
    """Note that an import into this data set has begun, and who is who: id there → first id."""
    known = read_moves(ledger)
    new = {user: origin for user, origin in people.items() if known.person(user) != origin}
    ledger.append("people", [{"user": u, "origin": o} for u, o in sorted(new.items())])
    if dataset_id not in known.unfinished:
        ledger.append("imports", [{"dataset": dataset_id, "done_at": ""}])


def note_answers(ledger: Ledger, answers: Sequence[MovedAnswer]) -> None:
    """Note answers before they are written: a kill in between notes too much, never too little."""
    ledger.append(
        "moved",
        [
            {
                "dataset": answer.dataset_id,
                "article": answer.article_id,
                "user": answer.user_id,
                "digest": answer.digest,
                "answered_at": answer.answered_at.isoformat(),
            }
            for answer in answers
        ],
    )


def note_done(ledger: Ledger, dataset_id: str, at: datetime) -> None:
    """Note that everything is in this data set at this time, so that it can be pulled."""
    if dataset_id in read_moves(ledger).unfinished:
        ledger.append("imports", [{"dataset": dataset_id, "done_at": at.isoformat()}])


def answer_digest(answer: Mapping[str, Any]) -> str:
    """A short hash of what was answered. No values and empty values are the same."""
    content = json.dumps([answer["status"], answer.get("values") or {}], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def to_time(text: str) -> datetime:
    """A time of REST; Argilla means UTC where it names no zone."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
