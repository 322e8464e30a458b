"""Who may do what: accounts from a token file, and the rules for reading and writing."""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedded.hub.errors import HubError
from embedded.hub.names import RepoId

logger = logging.getLogger(__name__)
INVALID_CREDENTIALS = "Invalid credentials in Authorization header"


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of a token; `orgs` are further namespaces it belongs to."""

    name: str
    role: str
    orgs: tuple[str, ...] = ()

    def belongs_to(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and self.belongs_to(namespace)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts by SHA-256 of their token, so that no token stays in memory or in a repr."""

    by_digest: Mapping[str, Account] = field(repr=False)

    def of_token(self, token: str) -> Account:
        """The account of a token; HubError 401 when nobody owns it."""
        account = self.by_digest.get(_digest(token))
        if account is None:
            raise HubError(401, INVALID_CREDENTIALS)
        return account

    def of_header(self, header: str | None, method: str) -> Account | None:
        """The account of an Authorization header, None without one.

        Browsers send Basic credentials on their own accord, also from foreign pages, so these
        count for reading only.
        """
        if not header:
            return None
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            return self.of_token(value.strip())
        if scheme.lower() == "basic" and method in ("GET", "HEAD"):
            return self.of_token(_basic_password(value.strip()))
        raise HubError(401, INVALID_CREDENTIALS)


def load_accounts(path: Path) -> Accounts:
    """Reads `{"<token>": {"name", "role": "read"|"write", "orgs": [...]}}`.

    Raises ValueError that names the file and the rule, never a token.
    """
    if path.stat().st_mode & 0o077:
        logger.warning("%s can be read by other users of this machine: chmod 600 it", path)
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not data:
        raise ValueError(f"{path}: expected a JSON object of token to account; write one token")
    return Accounts({_digest(token): _account(path, entry) for token, entry in data.items()})


def require_account(account: Account | None) -> Account:
    if account is None:
        raise HubError(401, "Authentication is needed: send a token as 'Authorization: Bearer …'")
    return account


def require_write(account: Account | None, repo_id: RepoId) -> Account:
    """HubError 401 without a token, 403 when the token may not write in the namespace."""
    known = require_account(account)
    if not known.may_write(repo_id.namespace):
        raise HubError(
            403,
            f"You don't have the rights to write to {repo_id.full_name!r}: the token of"
            f" {known.name!r} has the role {known.role!r}",
        )
    return known


def _account(path: Path, entry: object) -> Account:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError(f"{path}: every account needs a 'name' (text)")
    if entry.get("role") not in ("read", "write"):
        raise ValueError(f"{path}: the role of {entry['name']!r} must be 'read' or 'write'")
    orgs = entry.get("orgs", [])
    if not isinstance(orgs, list) or not all(isinstance(org, str) for org in orgs):
        raise ValueError(f"{path}: the orgs of {entry['name']!r} must be a list of names")
    return Account(entry["name"], entry["role"], tuple(orgs))


def _basic_password(value: str) -> str:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except ValueError as error:
        raise HubError(401, INVALID_CREDENTIALS) from error
    return decoded.partition(":")[2]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
