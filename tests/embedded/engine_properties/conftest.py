"""One server for all properties."""

from collections.abc import Iterator

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.embedded.engine_properties.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


settings.register_profile(
    "engine",
    deadline=None,
    max_examples=int(os.environ.get("ENGINE_EXAMPLES", "15")),
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=False,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("engine")
