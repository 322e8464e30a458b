"""Who am I, and the liveness check."""

from typing import Any

from starlette.responses import JSONResponse, Response

from embedded.hub.accounts import require_account
from embedded.hub.routing import Call


def health(call: Call) -> Response:
    return JSONResponse({"status": "ok"})


def whoami(call: Call) -> Response:
    account = require_account(call.account)
    orgs: list[dict[str, Any]] = [
        {"type": "org", "id": org, "name": org, "fullname": org, "roleInOrg": account.role}
        for org in account.orgs
    ]
    token = {"displayName": account.name, "role": account.role}
    return JSONResponse(
        {
            "type": "user",
            "id": account.name,
            "name": account.name,
            "fullname": account.name,
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": token},
        }
    )
