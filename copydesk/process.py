"""What a command sets up in its own process before flows and clients are imported."""

import logging
import os
import sys
from typing import Any

from corpus.errors import DeskError
from embedded.errors import ServiceError
from embedded.home import Home, default_home


def use_services() -> None:
    """Point every client of this process to the user's services, else to the embedded ones."""
    from embedded.services import exports, is_up, is_users_own

    home = default_home()
    found = exports(home) if is_up(home) else {}
    if "ARGILLA_API_URL" not in found and not is_users_own(home, "argilla"):
        raise ServiceError(
            f"No Argilla is running in {home.root} and ARGILLA_API_URL is not set.",
            'Run copydesk up; if services run for another folder, eval "$(copydesk env)" there '
            "first. For a server of your own, set ARGILLA_API_URL and ARGILLA_API_KEY.",
        )
    services = {"ARGILLA": "argilla", "HF": "hub", "PREFECT": "prefect"}
    for name, value in found.items():
        if not is_users_own(home, services[name.split("_")[0]]):
            os.environ.setdefault(name, value)
    set_process_defaults(home)
    _require_prefect()


def _require_prefect() -> None:
    """Prefect's own error for a server that is down is a traceback."""
    import httpx

    url = os.environ.get("PREFECT_API_URL")
    try:
        if url:
            httpx.get(f"{url.rstrip('/')}/health", timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeskError(
            f"Prefect at {url} does not answer ({type(error).__name__}).",
            "Run copydesk up, or set PREFECT_API_URL to a server that runs.",
        ) from error


def set_process_defaults(home: Home) -> None:
    """What libraries read at import: where they keep things, and to be quiet."""
    defaults = {
        "HF_HOME": str(home.root / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Progress stands in the log lines; a dozen nested bars of libraries would drown it.
        "TQDM_DISABLE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PREFECT_HOME": str(home.root / "prefect"),
        "PREFECT_LOGGING_EXTRA_LOGGERS": "argilla_settings,corpus,flows,publishing,training",
        # Errors are said once, by main(); the flow run's page in Prefect keeps the traceback.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # Threads that wait by spinning double the CPU time on a busy machine.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    # What libraries warn of about their own internals helps nobody who curates news. A filter
    # would not last: SetFit sets its own when it is imported.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(logging.NullHandler())
    logging.getLogger("py.warnings").propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    for room in ("argilla_settings", "corpus", "flows", "publishing", "training"):
        logging.getLogger(room).addHandler(handler)


def run_parameters(
    desk: str, source: str | None, set_: list[str] | None, per_class: int | None = None
) -> dict[str, Any]:
    """Parameters of a flow, from the options that every step of a round takes."""
    from corpus.desk import read_desk

    overrides = parse_overrides(set_)
    if source is not None:
        overrides["source.path"] = source
    if per_class is not None:
        overrides["models.topics.per_class"] = per_class
    # Before services are asked for: a mistake in the desk is said first.
    read_desk(desk, overrides)
    return {"desk": desk, "overrides": overrides}


def parse_overrides(set_: list[str] | None) -> dict[str, Any]:
    """Dotted key → value of every ``--set key=value``; values are YAML."""
    import yaml

    overrides: dict[str, Any] = {}
    for item in set_ or []:
        key, equals, value = item.partition("=")
        if not equals:
            raise DeskError(
                f"--set {item!r} is not key=value.", "For example --set models.topics.max_steps=10"
            )
        try:
            overrides[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise DeskError(
                f"--set {item!r}: the value is not YAML.", "Quote it: --set 'key=\"value\"'"
            ) from error
    return overrides
