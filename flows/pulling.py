"""What every pull from Argilla does: it reads all only where people were active since the last."""

from collections.abc import Callable, Mapping, Sequence

import argilla as rg
from prefect import task
from prefect.cache_policies import NO_CACHE

from argilla_settings.data_sets import guidelines_revision
from argilla_settings.responses import activity
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.moves import Moves, read_moves
from corpus.statements import Said, StatementKey, tombstones


def pull_changes(
    client: rg.Argilla,
    dataset: rg.Dataset,
    ledger: Ledger,
    append: Callable[[Moves], int],
    full: bool,
) -> int:
    """Let ``append`` read all of ``dataset`` into its ledger, unless nobody was active since the
    last pull; ``full``: also then. Returns how many statements were appended.
    """
    moves = finished_moves(ledger, dataset)
    cursor = read_activity(client, dataset, moves)
    ledger.append_guidelines(guidelines_revision(dataset), dataset.settings.guidelines or "")
    if not full and cursor == ledger.cursor():
        return 0
    appended = append(moves)
    # Last, so that a pull that was killed is repeated.
    ledger.set_cursor(cursor)
    return appended


@task(cache_policy=NO_CACHE)
def read_activity(client: rg.Argilla, dataset: rg.Dataset, moves: Moves) -> dict[str, str]:
    """The cheap probe: an unchanged data set needs no paging. Asked before the pages are read,
    so that an answer that arrives meanwhile moves it again.
    """
    probe = {**activity(client, dataset), "guidelines": guidelines_revision(dataset)}
    # Argilla does not count imported answers as activity.
    imported = moves.count(str(dataset.id))
    return {**probe, "imported": str(imported)} if imported else probe


def buried(
    ledger: Ledger,
    dataset: rg.Dataset,
    held: Mapping[StatementKey, Said],
    pulled: Sequence[Said],
) -> list[Said]:
    """Tombstones of what was held before this pull and is gone from Argilla.

    What was said in another Argilla data set of the same name, which was deleted or left behind, is
    not gone but elsewhere. That is noted, since only the first pull of a new data set can tell.
    """
    elsewhere = ledger.elsewhere()
    if ledger.cursor().get("dataset", str(dataset.id)) != str(dataset.id):
        elsewhere |= held.keys()
    # Said here as well by now, so that it can be deleted here.
    elsewhere -= {statement.key for statement in pulled}
    ledger.set_elsewhere(elsewhere)
    return tombstones({key: s for key, s in held.items() if key not in elsewhere}, pulled)


def finished_moves(ledger: Ledger, dataset: rg.Dataset) -> Moves:
    """What came here from another server. Half of it would look as if the rest were deleted."""
    moves = read_moves(ledger)
    if str(dataset.id) in moves.unfinished:
        raise DeskError(
            f"An import into Argilla's data set {dataset.name!r} has not finished.",
            "Run copydesk import-argilla with the same file again; it continues.",
        )
    return moves
