"""One server for all properties."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.embedded.engine_properties.examples import SHORT_RUN
from tests.embedded.engine_properties.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


EXAMPLES = os.environ.get("ENGINE_EXAMPLES")
settings.register_profile(
    "engine",
    # The product's suite asks the same every time; `make conformance` looks further.
    derandomize=EXAMPLES is None,
    deadline=None,
    max_examples=int(EXAMPLES or SHORT_RUN),
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=False,
    # A difference names the question and the records: making the world smaller takes minutes.
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("engine")
