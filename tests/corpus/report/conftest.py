"""Fixtures of these tests."""

import pytest

from corpus.desk import Desk, read_desk


@pytest.fixture
def desk() -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 2})
