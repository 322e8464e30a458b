"""Removing an account: what becomes of its answers.

Argilla deletes a user's answers with the user, and leaves records "completed" that nobody has
answered any more. Here their status is computed again, in the same transaction.
"""

import secrets
from datetime import datetime
from typing import Any

from argilla_server.contexts import accounts, distribution
from argilla_server.enums import UserRole
from argilla_server.models import Dataset, Record, Response, User, WorkspaceUser
from sqlalchemy import delete, func, select, update

from embedded.argilla.refusal import RefusedError

COMMAND_LINES_OWN = "owner"
BATCH = 500


async def require_removable(db: Any, user: Any, answers: str) -> None:
    """Refuse the last owner, Copydesk's own account, and to lose answers unasked."""
    name = user.username
    if name == COMMAND_LINES_OWN:
        raise RefusedError(
            f"User {name!r} is the account that Copydesk's own commands use.",
            f"copydesk users rotate {name} replaces its secrets.",
        )
    owners = select(func.count()).select_from(User).where(User.role == UserRole.owner)
    if user.is_owner and await db.scalar(owners) == 1:
        raise RefusedError(
            f"User {name!r} is the last owner: nobody could manage users any more.",
            "copydesk users add NAME --role owner makes another one first.",
        )
    count = await _count_answers(db, user)
    if count and answers == "refuse":
        raise RefusedError(
            f"User {name!r} has {count} answers in Argilla (also drafts and discarded ones). "
            "Removed with the user, they leave the gold at the next pull.",
            f"copydesk users remove {name} --keep-answers locks the account and keeps them; "
            "--yes deletes them for good.",
        )


async def lock_out(db: Any, user: Any) -> dict[str, Any]:
    """Secrets nobody knows and no workspace; the answers stay."""
    await db.execute(delete(WorkspaceUser).where(WorkspaceUser.user_id == user.id))
    await user.update(
        db,
        role=UserRole.annotator,
        api_key=secrets.token_urlsafe(48),
        password_hash=accounts.hash_password(secrets.token_urlsafe(48)),
        autocommit=False,
    )
    await db.commit()
    return {"deleted": 0, "kept": await _count_answers(db, user)}


async def delete_with_answers(db: Any, user: Any) -> dict[str, Any]:
    """The user, all answers, and the status of the records they had answered."""
    query = select(Response.record_id).where(Response.user_id == user.id)
    answered = list(await db.scalars(query))
    await db.delete(user)
    await db.flush()
    for start in range(0, len(answered), BATCH):
        ids = answered[start : start + BATCH]
        records = list(await db.scalars(select(Record).where(Record.id.in_(ids))))
        await distribution.unsafe_update_records_status(db, records)
        await _touch(db, {record.dataset_id for record in records})
    await db.commit()
    return {"deleted": len(answered), "kept": 0}


async def _touch(db: Any, datasets: set[Any]) -> None:
    """A pull looks for answers only where this time has moved."""
    values = {
        "last_activity_at": datetime.utcnow(),
        "updated_at": Dataset.__table__.c.updated_at,
    }
    await db.execute(update(Dataset).where(Dataset.id.in_(datasets)).values(values))


async def _count_answers(db: Any, user: Any) -> int:
    query = select(func.count()).select_from(Response).where(Response.user_id == user.id)
    return int(await db.scalar(query))
