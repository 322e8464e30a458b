"""Which account answers under which name."""

from collections import Counter
from dataclasses import dataclass

import argilla as rg

from argilla_settings.responses import pseudonym
from argilla_settings.rest import read_items
from corpus.desk import Desk
from corpus.ledger import Ledger
from corpus.moves import read_moves


@dataclass(frozen=True, slots=True)
class AnnotatorRow:
    """An account, its name in the desk's ledger, and how many submitted answers count there."""

    name: str
    username: str
    answers: int


def list_annotators(client: rg.Argilla, desk: Desk, ledger: Ledger) -> list[AnnotatorRow]:
    """Members of the desk's workspace, by username. Whoever came from another server keeps the name
    that they had there.
    """
    places = {row["name"]: row["id"] for row in read_items(client, "me/workspaces")}
    if desk.workspace not in places:
        return []
    moves = read_moves(ledger)
    said = ledger.current().values()
    answers = Counter(e.response.annotator for e in said if e.status == "submitted")
    members = read_items(client, f"workspaces/{places[desk.workspace]}/users")
    names = {user["username"]: pseudonym(moves.person(user["id"]), desk) for user in members}
    return [AnnotatorRow(n, username, answers[n]) for username, n in sorted(names.items())]
