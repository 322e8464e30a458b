"""A tiny base model with random weights, for the tests that need no better one."""

import pytest

from tests.training.instruct.tiny import save_tiny
from training.instruct.base import Base, load_base


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def base(folder: str) -> Base:
    return load_base(folder, "a/tiny")
