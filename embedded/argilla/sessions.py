"""Sessions of the UI: signed with a secret from a file, and ended by a change of the account.

argilla-server 2.8.0 reads its secret once and believes a token for a day, whatever happened to
the account since. Here a new secret counts at once, and a token is older than the account's last
change (new password or key, another role, removed and made again) counts no more.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argilla_server.contexts import accounts
from argilla_server.security.authentication.db import BearerTokenAuthenticationBackend
from argilla_server.security.authentication.jwt import JWT
from argilla_server.security.authentication.userinfo import UserInfo
from argilla_server.security.settings import settings
from starlette.authentication import AuthCredentials

SECRET_FILE_VARIABLE = "COPYDESK_ARGILLA_SECRET_FILE"


def current_secret() -> str:
    """The secret that signs sessions: of the home's file, else of Argilla's own setting."""
    file = os.environ.get(SECRET_FILE_VARIABLE)
    secret = Path(file).read_text(encoding="utf-8").strip() if file else settings.secret_key
    return str(secret)


def sign_with_current_secret() -> None:
    """Read the secret for each token: a new one ends all sessions without a restart."""
    encode, decode = JWT.encode.__func__, JWT.decode.__func__

    def encode_now(cls: Any, data: dict[str, Any]) -> Any:
        cls.secret = current_secret()
        return encode(cls, {**data, "iat": time.time()})

    def decode_now(cls: Any, token: str) -> Any:
        cls.secret = current_secret()
        return decode(cls, token)

    JWT.encode, JWT.decode = classmethod(encode_now), classmethod(decode_now)


def end_with_the_account() -> None:
    """A token from before the account's last change signs nobody in."""

    async def authenticate(self: Any, request: Any) -> Any:
        credentials = await self.scheme(request)
        if not credentials:
            return None
        claims = JWT.decode(credentials.credentials)
        user = await accounts.get_user_by_username(request.state.db, claims.get("username"))
        if user is None or claims.get("iat", 0) < _seconds(user.updated_at):
            return None
        info = UserInfo(
            username=user.username, name=user.first_name, role=user.role, identity=str(user.id)
        )
        return AuthCredentials(), info

    BearerTokenAuthenticationBackend.authenticate = authenticate


def _seconds(utc: datetime) -> float:
    return utc.replace(tzinfo=UTC).timestamp()
