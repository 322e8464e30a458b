"""Whether a token may write, as far as the Hub tells it to somebody who only reads."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from publishing.plan import Plan
from publishing.retries import LOST, describe

log = logging.getLogger(__name__)


def with_refusal(api: HfApi, plan: Plan) -> Plan:
    """The plan with what the Hub would say to it; where nothing is written, nobody is asked."""
    if plan.tag and not plan.changes and not plan.hides:
        return plan
    return replace(plan, refusal=refused_write(api, plan.target.repo_id.split("/")[0]))


def refused_write(api: HfApi, owner: str) -> str | None:
    """Why the Hub would refuse to publish under this owner; None where that is not known.

    The account is asked for once a client: the Hub answers that question only so often.
    """
    try:
        account = api.whoami(cache=True)
    except LocalTokenNotFoundError:
        return "no token is set"
    except (HfHubHTTPError, *LOST) as error:
        # A plan is not worth less without it, and the publish itself will be told.
        log.info("Whether the token may write is not known: %s", describe(error))
        return None
    return refusal_of(account, owner)


def refusal_of(account: Mapping[str, Any], owner: str) -> str | None:
    """The same of an answer to whoami-v2, https://huggingface.co/docs/hub/api.

    Fine-grained tokens, and members who only read their organization but may write to a group of
    its repositories, are left to the Hub.
    """
    role = ((account.get("auth") or {}).get("accessToken") or {}).get("role")
    if role == "read":
        return "the token may only read"
    names = [account.get("name"), *(org.get("name") for org in account.get("orgs") or ())]
    if role == "write" and owner.lower() not in {str(name).lower() for name in names}:
        return f"the token belongs neither to {owner} nor to a member of it"
    return None
