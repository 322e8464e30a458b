"""Two rounds of the chain and a warm command, once for all that look at them."""

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from corpus.desk import Desk, read_desk
from flows.curate import Curate, CurateReport, curate
from tests.flows.chain import BATCH, KNOBS
from tests.running import HubService, Services

pytest.register_assert_rewrite("tests.flows.published")


@pytest.fixture(scope="session")
def rounds(services: Services) -> list[CurateReport]:
    """Both rounds with simulated reviewers, each on articles of its own; insight with the last."""
    accounts = str(services.home.accounts)
    return [
        curate(
            Curate(
                desk="desk.yaml",
                overrides=KNOBS,
                skip=skip,
                limit=BATCH,
                simulate_with=accounts,
                insight=skip > 0,
            )
        )
        for skip in (0, BATCH)
    ]


@pytest.fixture(scope="session")
def repos(rounds: list[CurateReport], hub_service: HubService) -> dict[str, Path]:
    """Kind → the downloaded files of the last version."""
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    found = {}
    for item in rounds[-1].published.items:
        folder = Path(
            api.snapshot_download(item.repo_id, repo_type=item.repo_type, revision=item.tag)
        )
        found[json.loads((folder / "manifest.json").read_text())["kind"]] = folder
    return found


@pytest.fixture(scope="session")
def desk() -> Desk:
    return read_desk("desk.yaml", KNOBS)
