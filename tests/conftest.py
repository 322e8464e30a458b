"""Session fixtures: the real Argilla server, the embedded Hub and a real Prefect server.

They are started once, by the same function as ``copydesk up``, in a home of the session's own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Before any test module imports a client: they read their environment at import.
SESSION_FOLDER = tempfile.mkdtemp(prefix="copydesk-test-")
for variable in (
    "ARGILLA_API_URL",
    "ARGILLA_API_KEY",
    "HF_ENDPOINT",
    "HF_TOKEN",
    "PREFECT_API_URL",
):
    os.environ.pop(variable, None)
os.environ.update(
    {
        "COPYDESK_HOME": f"{SESSION_FOLDER}/home",
        "HF_HOME": f"{SESSION_FOLDER}/hf",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PREFECT_HOME": f"{SESSION_FOLDER}/prefect",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        # Tests call plain functions outside of flows, too.
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "argilla_settings,corpus,flows,publishing,training",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
)

from embedded.home import Home, read_json
from embedded.services import WORKSPACE, exports, hub_tokens, start, stop
from tests.running import ArgillaService, HubService, Services
from tests.warm_command import WarmCommand, warm_command

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"
# What these folders start or run serves all their tests.
LONG_FOLDERS = ("flows", "team", "browser")


class FoldersOrFiles(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a process a long folder or a file at a time."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.split("/")[1]
        return folder if folder in LONG_FOLDERS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FoldersOrFiles:
    """How `make test` shares tests between its processes."""
    return FoldersOrFiles(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove what the services left; after failures it stays, to look into their logs."""
    if not session.testsfailed:
        shutil.rmtree(SESSION_FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long folders first."""
    items.sort(key=_place_in_line)


def _place_in_line(item: pytest.Item) -> int:
    folder = item.path.relative_to(PROJECT / "tests").parts[0]
    return LONG_FOLDERS.index(folder) if folder in LONG_FOLDERS else len(LONG_FOLDERS)


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Start everything once; the environment of this process points to it until the end."""
    home = Home(Path(os.environ["COPYDESK_HOME"]))
    try:
        environment = start(home)
        os.environ.update(exports(home))
        from prefect.settings import PREFECT_API_URL, temporary_settings

        # Prefect has read its settings by now.
        with temporary_settings(updates={PREFECT_API_URL: environment["PREFECT_API_URL"]}):
            yield Services(home, environment)
    finally:
        stop(home)


@pytest.fixture(scope="session")
def argilla_service(services: Services) -> ArgillaService:
    """The real argilla-server with its accounts."""
    credentials = read_json(services.home.accounts)
    return ArgillaService(services.environment["ARGILLA_API_URL"], credentials, WORKSPACE)


@pytest.fixture(scope="session")
def hub_service(services: Services) -> HubService:
    """The embedded Hub."""
    tokens = {user["role"]: token for token, user in hub_tokens(services.home).items()}
    return HubService(services.environment["HF_ENDPOINT"], tokens["write"], tokens["read"])


@pytest.fixture
def shared_data() -> Path:
    """The folder with real benchmark data; such tests skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the benchmark data is not here ({SHARED_DATA.name} folder beside the clone)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def warm(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmCommand]:
    """Commands that find their libraries loaded."""
    with warm_command(tmp_path_factory.mktemp("warm")) as command:
        yield command
