"""Records, suggestions and answers of an exported data set that are not on this server yet."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import argilla as rg

from argilla_settings.import_settings import Target
from argilla_settings.records import PAGE, list_rows, stable_id
from argilla_settings.rest import CLOCK_SECONDS, Row, send, server_time
from argilla_settings.transfer_file import ExportFile
from argilla_settings.vectors import MEANING, leave_unfinished
from corpus.ledger import Ledger
from corpus.moves import (
    NOTHING_MOVED,
    MovedAnswer,
    Moves,
    answer_digest,
    note_answers,
    note_begun,
    note_done,
    read_moves,
)

log = logging.getLogger(__name__)

# argilla-server writes suggestions, answers and vectors of one call in one statement each, of up to
# nine values a row; SQLite and asyncpg take some 32,766 values a statement.
BATCH_MAX_PARTS = 2_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added, and how many answers here differ from the file's and stayed."""

    records: int = 0
    answers: int = 0
    different: int = 0

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(
            self.records + other.records,
            self.answers + other.answers,
            self.different + other.different,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """An exported data set: its settings, and whose id here each user of the export has."""

    row: Row
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """A record that is here: how REST names it, and whose answers it has (user id → digest)."""

    name: Row
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not here of a record: its body for REST, and the answers in it, as exported."""

    article_id: str
    answers: Sequence[Row]
    body: Row


def import_records(
    client: rg.Argilla,
    export: ExportFile,
    source: Source,
    target: Target,
    ledger: Ledger | None,
    say: Say,
) -> Imported:
    """Write what is missing, batch by batch; the server takes each whole or not at all.

    First persons and times are noted beside ``ledger`` before each batch.
    """
    member, seen, added = source.row["records"], 0, Imported()
    known = _known(client, target)
    moves = read_moves(ledger) if ledger is not None else NOTHING_MOVED
    for batch in _batches(export.lines(member)):
        missing = [m for row in batch if (m := _missing(row, known, source, target)) is not None]
        if missing:
            if ledger is not None:
                if not (added.records or added.answers):
                    _note_begun(ledger, moves, source, target)
                note_answers(ledger, _notes(missing, moves, source, target))
            _note_without_vectors(client, target, missing)
            body = {"items": [item.body for item in missing]}
            send(client, "PUT", f"datasets/{target.id}/records/bulk", body)
        added += Imported(
            sum("fields" in item.body for item in missing),
            sum(len(item.answers) for item in missing),
            sum(_different(row, known, source) for row in batch),
        )
        seen += len(batch)
        say(f"{target.name}: {seen} of {export.count(member)} records")
    if ledger is not None:
        now = server_time(client, otherwise=datetime.now(UTC)) + CLOCK_SECONDS
        note_done(ledger, target.id, now)
    if added.different:
        log.warning("%s: %d answers here differ and stay", target.name, added.different)
    return added


def _note_without_vectors(client: rg.Argilla, target: Target, missing: Sequence[Missing]) -> None:
    """The next load gives new records their vectors for *Find similar*."""
    if any("fields" in item.body and MEANING not in item.body["vectors"] for item in missing):
        leave_unfinished(client, target)


def _known(client: rg.Argilla, target: Target) -> dict[str, Known]:
    return {
        stable_id(row): Known(
            {"external_id": row["external_id"]} if row["external_id"] else {"id": row["id"]},
            {answer["user_id"]: answer_digest(answer) for answer in row["responses"]},
        )
        for row in list_rows(client, target, ("responses",))
    }


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    parts = 0
    for row in rows:
        size = max(len(row["responses"]), len(row["suggestions"]), len(row["vectors"] or ()))
        if batch and (len(batch) == PAGE or parts + size > BATCH_MAX_PARTS):
            yield batch
            batch, parts = [], 0
        batch.append(row)
        parts += size
    if batch:
        yield batch


def _missing(
    row: Row, known: Mapping[str, Known], source: Source, target: Target
) -> Missing | None:
    here = known.get(stable_id(row))
    there = here.answers if here is not None else {}
    answers = [a for a in row["responses"] if source.people[a["user_id"]] not in there]
    if here is not None and not answers:
        return None
    record = here.name if here is not None else _to_record(row, target)
    responses = [_to_answer(answer, source) for answer in answers]
    return Missing(stable_id(row), answers, {**record, "responses": responses})


def _different(row: Row, known: Mapping[str, Known], source: Source) -> int:
    here = known.get(stable_id(row))
    there = here.answers if here is not None else {}
    pairs = [(there.get(source.people[a["user_id"]]), answer_digest(a)) for a in row["responses"]]
    return sum(digest is not None and digest != exported for digest, exported in pairs)


def _to_record(row: Row, target: Target) -> Row:
    suggestions = [
        {
            "question_id": target.questions[suggestion["question"]],
            **{key: suggestion[key] for key in ("value", "score", "agent", "type")},
        }
        for suggestion in row["suggestions"]
    ]
    return {
        "external_id": stable_id(row),
        "fields": row["fields"],
        "metadata": row["metadata"],
        "vectors": {k: v for k, v in (row["vectors"] or {}).items() if k not in target.left_out},
        "suggestions": suggestions,
    }


def _to_answer(answer: Row, source: Source) -> Row:
    # The SDK cannot read a data set in which an answer has no values at all; empty ones it can.
    return {
        "user_id": source.people[answer["user_id"]],
        "status": answer["status"],
        "values": answer["values"] or {},
    }


def _note_begun(ledger: Ledger, moves: Moves, source: Source, target: Target) -> None:
    first_ids = {here: moves.person(there) for there, here in source.people.items()}
    note_begun(ledger, target.id, first_ids)


def _notes(
    missing: Sequence[Missing], moves: Moves, source: Source, target: Target
) -> list[MovedAnswer]:
    return [
        MovedAnswer(
            target.id,
            item.article_id,
            source.people[answer["user_id"]],
            answer_digest(answer),
            moves.origin(source.row["id"], item.article_id, answer).answered_at,
        )
        for item in missing
        for answer in item.answers
    ]
