"""Repositories as file systems."""

import pytest

from tests.clients.conftest import Findings

pytestmark = pytest.mark.services
CLIENT = "with_files"


def test_fsspec_writes_reads_copies_moves_and_removes(found: Findings) -> None:
    seen = found["fsspec"]
    assert seen["written"] == ["notes/b.txt", "notes/c.txt"]
    assert (seen["removed"], seen["left"]) == (True, True)


def test_fsspec_reads_ranges_of_large_files(found: Findings) -> None:
    seen = found["fsspec"]
    assert (seen["middle"], seen["whole"], seen["size"]) == (True, True, 1_048_576)


def test_a_tag_keeps_what_the_head_lost(found: Findings) -> None:
    seen = found["fsspec"]
    assert seen["lines_of_v1"] == ["first\n", "second\n"]
    assert seen["kept_in_v1"]


def test_pandas_reads_what_it_wrote_by_head_and_branch(found: Findings) -> None:
    whole = {"id": ["a", "b"], "score": [0.5, 1.0]}
    seen = found["pandas"]
    assert (seen["before"], seen["csv"]) == (whole, whole)
    assert seen["now"] == {"id": ["a"], "score": [0.5]}
    assert seen["column"] == {"id": ["a", "b"]}
