"""Who answered when, after a move: by what an import noted beside the ledger."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpus.ledger import Ledger
from corpus.moves import (
    MovedAnswer,
    answer_digest,
    note_answers,
    note_begun,
    note_done,
    read_moves,
    to_time,
)

FIRST = datetime(2031, 1, 1, tzinfo=UTC)
IMPORTED = datetime(2031, 6, 1, tzinfo=UTC)


def rest(
    user: str, at: datetime, edited: timedelta = timedelta(0), **values: str
) -> dict[str, Any]:
    """An answer as REST sends it: without a zone."""
    times = {"inserted_at": at, "updated_at": at + edited}
    naive = {name: time.replace(tzinfo=None).isoformat() for name, time in times.items()}
    content = {name: {"value": value} for name, value in values.items()}
    return {"user_id": user, "status": "submitted", "values": content, **naive}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A desk whose data set `old` moved to `new`, where its person `p` is `q`."""
    ledger = Ledger(str(tmp_path), "desk")
    move(ledger, "old", "new", {"p": "q"}, rest("p", FIRST, topic="A"))
    return ledger


def move(
    ledger: Ledger, source: str, target: str, people: dict[str, str], answer: dict[str, Any]
) -> None:
    """What an import does beside the ledger."""
    moves = read_moves(ledger)
    note_begun(ledger, target, {here: moves.person(there) for there, here in people.items()})
    here, at = people[answer["user_id"]], moves.origin(source, "a", answer).answered_at
    note_answers(ledger, [MovedAnswer(target, "a", here, answer_digest(answer), at)])
    note_done(ledger, target, IMPORTED + timedelta(days=2))


def test_an_imported_answer_is_who_and_when_it_was(ledger: Ledger) -> None:
    moves = read_moves(ledger)
    found = moves.origin("new", "a", rest("q", IMPORTED, topic="A"))
    assert (found.user_id, found.answered_at) == ("p", FIRST)
    # The server gives answers of one call a time a little before their own.
    earlier = rest("q", IMPORTED, edited=timedelta(microseconds=-30), topic="A")
    assert moves.origin("new", "a", earlier) == found


@pytest.mark.parametrize(
    "answer",
    [
        rest("q", IMPORTED, edited=timedelta(seconds=1), topic="A"),
        rest("q", IMPORTED, topic="B"),
        {**rest("q", IMPORTED, topic="A"), "status": "draft"},
        # Deleted there after the import, and given again.
        rest("q", IMPORTED + timedelta(days=3), topic="A"),
    ],
)
def test_what_is_edited_there_has_its_own_time(ledger: Ledger, answer: dict[str, Any]) -> None:
    found = read_moves(ledger).origin("new", "a", answer)
    assert (found.user_id, found.answered_at) == ("p", to_time(answer["updated_at"]))


def test_other_records_and_data_sets_are_not_touched(ledger: Ledger) -> None:
    moves, answer = read_moves(ledger), rest("q", IMPORTED, topic="A")
    assert moves.origin("new", "b", answer).answered_at == IMPORTED
    assert moves.origin("other", "a", answer).answered_at == IMPORTED
    assert moves.origin("new", "a", {**answer, "user_id": "r"}).user_id == "r"
    assert (moves.count("new"), moves.count("other")) == (1, 0)


def test_a_way_back_ends_where_it_began(ledger: Ledger) -> None:
    move(ledger, "new", "back", {"q": "p"}, rest("q", IMPORTED, topic="A"))
    later = IMPORTED + timedelta(days=1)
    found = read_moves(ledger).origin("back", "a", rest("p", later, topic="A"))
    assert (found.user_id, found.answered_at) == ("p", FIRST)
    move(ledger, "back", "third", {"p": "s"}, rest("p", later, topic="A"))
    found = read_moves(ledger).origin("third", "a", rest("s", later, topic="A"))
    assert (found.user_id, found.answered_at) == ("p", FIRST)


def test_an_import_that_has_begun_is_unfinished_until_it_is_done(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    assert not read_moves(ledger).unfinished
    for _ in range(2):
        note_begun(ledger, "new", {"q": "p", "same": "same"})
        assert read_moves(ledger).unfinished == {"new"}
    assert read_moves(ledger).people == {"q": "p"}
    for dataset_id in ("new", "never-begun"):
        note_done(ledger, dataset_id, IMPORTED)
    assert not read_moves(ledger).unfinished
    assert read_moves(ledger).done_at == {"new": IMPORTED}
    assert len(ledger.rows("imports")) == 2
