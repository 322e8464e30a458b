"""What the session fixtures give to tests."""

from dataclasses import dataclass, field

from embedded.home import Home


@dataclass(frozen=True)
class Services:
    """The running services of the test session; ``environment`` is what `env` exports."""

    home: Home
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class ArgillaService:
    """The Argilla server; ``credentials`` is the accounts file's content."""

    api_url: str
    credentials: dict[str, dict[str, str]] = field(repr=False)
    workspace: str = ""


@dataclass(frozen=True)
class HubService:
    """The embedded Hub with a writer's and a reader's token."""

    endpoint: str
    token: str = field(repr=False)
    read_token: str = field(repr=False)
