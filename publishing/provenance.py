"""Which code made what is published."""

import importlib.metadata
import subprocess
from pathlib import Path

from corpus.desk import Desk
from publishing.manifest_parts import License, Provenance

PROJECT = Path(__file__).resolve().parents[1]


def provenance(desk: Desk) -> Provenance:
    """Versions of the code and of the desk's settings."""
    return Provenance(
        copydesk_version=importlib.metadata.version("copydesk"),
        code_revision=code_revision(),
        desk=desk.name,
        desk_digest=desk.digest(),
    )


def license_of(desk: Desk) -> License:
    """The licence the desk publishes under."""
    settings = desk.publish
    return License(id=settings.license, name=settings.license_name, link=settings.license_link)


def code_revision(project: Path = PROJECT) -> str:
    """The commit of this code, or "unknown" outside its own git checkout or without git.

    "-dirty" follows where tracked files differ from the commit.
    """
    # Installed inside somebody else's checkout, their commit says nothing about this code.
    if _git(project, "rev-parse", "--show-toplevel") != str(project):
        return "unknown"
    # No tag is matched: the answer is the commit alone.
    described = ("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    return _git(project, *described) or "unknown"


def _git(project: Path, *arguments: str) -> str | None:
    """What git prints; None where there is no git, or it fails."""
    try:
        asked = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, cwd=project
        )
    except OSError:
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
