"""The ledger: every answer once, whole segments alone."""

import random
import shutil
from pathlib import Path

import pytest

from corpus.articles import Article, ScoredSpan
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry, entry_row
from corpus.statements import current_statements
from tests.corpus.review.made import ADA, answer, entry


def test_ledger_keeps_every_answer_once(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    shown = (ScoredSpan(0, 3, "person", 0.5),)
    first = LedgerEntry(answer("x", spans=[ADA]), "g1", False, "World", 0.75, "m:1", shown, "n:2")
    assert ledger.append_entries([first]) == 1
    assert ledger.append_entries([first]) == 0
    assert ledger.entries() == [first]
    edited = entry(answer("x", "Sports", minutes=5))
    assert ledger.append_entries([edited]) == 1
    assert list(current_statements(ledger.entries()).values()) == [edited]
    assert len(ledger.entries()) == 2
    assert ledger.append_entries([edited.buried()]) == 1
    assert current_statements(ledger.entries()) == {}
    assert ledger.append_entries([edited.buried()]) == 0


def test_two_pulls_at_the_same_moment_count_each_answer_once(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    entries = [LedgerEntry(answer("x", "World"), "g", False)]
    ledger.append_entries(entries)
    (segment,) = (tmp_path / "desk" / "answers").iterdir()
    # The second writer had looked before the first one wrote.
    shutil.copy(segment, segment.with_name(segment.name.replace("000000", "000001")))
    assert ledger.entries() == entries


def test_unfinished_segments_are_not_read(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    ledger.append_entries([entry(answer("x"))])
    (tmp_path / "desk/answers/000001-dead.parquet.unfinished").write_bytes(b"PAR1 half")
    assert len(ledger.entries()) == 1
    assert ledger.append_entries([entry(answer("y"))]) == 1
    assert len(ledger.entries()) == 2


@pytest.mark.parametrize("seed", range(20))
def test_what_counts_is_the_same_read_as_a_whole_by_status_and_by_article(
    tmp_path: Path, seed: int
) -> None:
    """Two writers at once, edits, deletions and what comes back after them."""
    draw = random.Random(seed)
    ledger, other = Ledger(str(tmp_path), "desk"), Ledger(str(tmp_path), "desk")
    for _ in range(12):
        some = [
            entry(answer(draw.choice("xy"), draw.choice(["World", "Sports"]), article=name,
                         minutes=draw.randrange(4)))
            for name in draw.sample("abcd", 2)
        ]  # fmt: skip
        some += [e.buried() for e in ledger.current().values() if draw.random() < 0.2]
        rows = [entry_row(e) for e in some]
        # As if each had looked before the other wrote.
        for writer in draw.choice([[ledger], [ledger, other]]):
            writer.append("answers", rows)
        current = ledger.current()
        assert ledger.current_statuses() == {k: e.status for k, e in current.items()}
        of_two = {k: e for k, e in current.items() if k[0] in "ab"}
        assert ledger.current_of(["a", "b"]) == of_two
    assert ledger.current_of([]) == {}


def test_ledger_behind_another_scheme() -> None:
    ledger = Ledger("memory://state", "desk")
    ledger.append_articles([Article("a", "Text 👩‍🚀\r\n", title="T")])
    ledger.append_splits({"a": "test"})
    ledger.append_splits({"a": "train"})
    assert ledger.articles()["a"].text == "Text 👩‍🚀\r\n"
    assert ledger.splits() == {"a": "test"}


def test_state_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(DeskError, match="cannot be written"):
        Ledger(str(blocked / "state"), "desk")


def test_withdrawn_articles_and_simulated_answers_in_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    gone, kept = entry(answer("x", article="gone")), entry(answer("x", article="kept"))
    ledger.append_entries([gone, kept])
    assert ledger.withdrawn() == set()
    ledger.append_entries([gone.buried()])
    assert ledger.withdrawn() == {"gone"}
    ledger.append_simulated([gone.key, kept.key])
    ledger.append_simulated([kept.key])
    assert ledger.simulated() == {gone.key, kept.key}


def test_a_state_whose_scheme_is_not_installed() -> None:
    with pytest.raises(DeskError, match=r"'nowhere://bucket' cannot be opened"):
        Ledger("nowhere://bucket", "desk")
