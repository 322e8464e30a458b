"""The decoder that these tests look into, made once."""

import pytest

from tests.training.instruct.decoder.sample import (
    sample_pairs,
)
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("decoder") / "base"
    make_decoder(sample_pairs, 1, folder)
    found = load_base(str(folder), "a/base")
    found.model.set_attn_implementation("eager")
    return found
