"""Two rounds of the chain, run once for all that look at them."""

import pytest

from flows.curate import Curate, CurateReport, curate
from tests.flows.chain import BATCH, KNOBS
from tests.running import Services


@pytest.fixture(scope="session")
def rounds(services: Services) -> list[CurateReport]:
    """Both rounds with simulated reviewers, each on articles of its own."""
    accounts = str(services.home.accounts)
    return [
        curate(
            Curate(
                desk="desk.yaml", overrides=KNOBS, skip=skip, limit=BATCH, simulate_with=accounts
            )
        )
        for skip in (0, BATCH)
    ]
