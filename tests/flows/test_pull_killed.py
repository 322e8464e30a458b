"""A pull killed at each of its writes, and two pulls at once: nothing is lost, nothing doubled."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.pull_reviewed import PullReport
from tests.flows.dying_state import DyingFileSystem, KilledError, register
from tests.flows.reviewing import SmallReview, small_review
from tests.running import Services

pytestmark = [pytest.mark.services, pytest.mark.long]

RECORDS = 6
SCHEMES = ("dying", "torn")


@pytest.fixture(scope="module")
def review(services: Services) -> SmallReview:
    """Half of the records have enough answers, one has a draft, one was pulled before."""
    made = small_review(services, "pull-killed", RECORDS)
    for row in made.rows()[: RECORDS // 2]:
        made.answer(0, row, "World", "submitted")
        made.answer(1, row, "Sports", "submitted")
    made.answer(2, made.rows()[-1], "World", "draft")
    return made


@pytest.fixture(scope="module")
def pulled(review: SmallReview, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state after a full pull. Then people answered one more record, and discarded another."""
    folder = tmp_path_factory.mktemp("pulled")
    review.pull(state=str(folder))
    row = review.rows()[RECORDS // 2]
    for person in (0, 1):
        review.answer(person, row, "World", "submitted")
    review.answer(2, review.rows()[-1], "World", "discarded")
    return folder


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The flow's function without its Prefect run, which takes seconds; no death is left over."""
    register()
    monkeypatch.setattr("flows.pull_reviewed.show", lambda *_: None)
    yield
    DyingFileSystem.plan(0)


def pull(review: SmallReview, address: str) -> PullReport:
    return review.pull_plainly(state=address)


def content(review: SmallReview, address: str, kind: str) -> dict[str, Any]:
    """What a ledger says, and that it says each thing once.

    After a pull of changes whose cursor was torn the next one is full, and notes pending records.
    """
    ledger = review.ledger(state=address)
    entries, rows = ledger.entries(), ledger.rows("answers")
    assert not [row for row, count in Counter(map(str, rows)).items() if count > 1]
    assert len(entries) == len(rows)
    return {
        "held": {e.key: e.response for e in entries},
        "count": len(entries),
        "articles": ledger.articles(),
        "splits": ledger.splits(),
        "guidelines": ledger.guidelines(),
        "pending": sorted(ledger.pending()) if kind == "full" else [],
        "cursor": {k: v for k, v in ledger.cursor().items() if k not in ("since", "reconciled")},
    }


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["full", "changes"])
def test_a_pull_killed_at_each_write_is_repaired_by_the_next(
    review: SmallReview, pulled: Path, tmp_path: Path, scheme: str, kind: str
) -> None:
    def begun(name: str) -> str:
        if kind == "changes":
            shutil.copytree(pulled, tmp_path / name)
        return f"{scheme}://{tmp_path / name}"

    DyingFileSystem.plan(0)
    assert pull(review, begun("whole")).kind == kind
    steps, wanted = (
        DyingFileSystem.writes,
        content(review, f"{scheme}://{tmp_path / 'whole'}", kind),
    )
    assert wanted["held"].keys() == review.there().keys()
    assert steps > (10 if kind == "full" else 6)
    for step in range(1, steps + 1):
        address = begun(f"step-{step}")
        DyingFileSystem.plan(step)
        with pytest.raises(KilledError):
            pull(review, address)
        DyingFileSystem.plan(0)
        pull(review, address)
        assert content(review, address, kind) == wanted, step


@pytest.mark.parametrize("kind", ["full", "changes"])
def test_a_pull_between_any_two_writes_of_another_loses_and_doubles_nothing(
    review: SmallReview, pulled: Path, tmp_path: Path, kind: str
) -> None:
    def begun(name: str) -> str:
        if kind == "changes":
            shutil.copytree(pulled, tmp_path / name)
        return f"dying://{tmp_path / name}"

    DyingFileSystem.plan(0)
    pull(review, begun("whole"))
    steps, wanted = DyingFileSystem.writes, review.there()
    for step in range(1, steps + 1):
        address = begun(f"step-{step}")
        DyingFileSystem.plan(step, lambda address=address: pull(review, address))  # type: ignore[misc]
        pull(review, address)
        ledger = review.ledger(state=address)
        assert review.held(ledger) == wanted, step
        entries = ledger.entries()
        assert len(entries) == len(set(entries)), step
        DyingFileSystem.plan(0)
        assert pull(review, address).kind == "unchanged"
