"""What clients need to reach the services of a home, and which services are the user's own."""

import json
import os
import secrets

from embedded.home import Home, read_json, write_private
from embedded.network import argilla_url
from embedded.ports import HOST
from embedded.supervision import manager

HUB_OWNER = "copydesk"
# Which variables of the user's own environment mean "use my service instead".
USER_VARIABLES = {
    "argilla": ("ARGILLA_API_URL",),
    "hub": ("HF_ENDPOINT", "HF_TOKEN"),
    "prefect": ("PREFECT_API_URL",),
}


def exports(home: Home) -> dict[str, str]:
    """The variables any client needs for the embedded services of this home."""
    ports = home.read_services().get("ports", {})
    found: dict[str, str] = {}
    if "argilla" in ports:
        found["ARGILLA_API_URL"] = argilla_url(home, ports["argilla"])
        if owner := read_json(home.accounts).get("owner"):
            found["ARGILLA_API_KEY"] = owner["api_key"]
    if "hub" in ports:
        found["HF_ENDPOINT"] = f"http://{HOST}:{ports['hub']}"
        found["HF_TOKEN"] = next(t for t, u in hub_tokens(home).items() if u["role"] == "write")
        # Both ways lead to the embedded Hub. What comes by Xet takes its space twice there.
        found["HF_HUB_DISABLE_XET"] = "1"
    if "prefect" in ports:
        found["PREFECT_API_URL"] = f"http://{HOST}:{ports['prefect']}/api"
    return found


def is_up(home: Home) -> bool:
    """Whether `up` was run and `down` was not."""
    return home.root.exists() and manager(home) is not None


def is_users_own(home: Home, service: str) -> bool:
    """Whether the environment names another service than the one this home runs.

    After ``eval "$(copydesk env)"`` the variables are set too, to this home's own values.
    """
    own = exports(home) if home.services.exists() else {}
    return any(
        os.environ.get(variable) and os.environ[variable] != own.get(variable)
        for variable in USER_VARIABLES[service]
    )


def hub_tokens(home: Home) -> dict[str, dict[str, str]]:
    """Token → account of the embedded Hub; made on first use."""
    if not home.hub_tokens.exists():
        users = [(HUB_OWNER, "write"), ("reader", "read")]
        accounts = {
            f"hf_{secrets.token_hex(20)}": {"name": name, "role": role, "orgs": []}
            for name, role in users
        }
        write_private(home.hub_tokens, json.dumps(accounts, indent=2))
    return read_json(home.hub_tokens)
