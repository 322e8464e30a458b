"""Which code made what is published."""

import importlib.metadata
import subprocess
from pathlib import Path

from corpus.desk import Desk
from publishing.manifest import License, Provenance


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


def code_revision() -> str:
    """The commit of this code, or "unknown" outside its own git checkout or without git."""
    project = Path(__file__).resolve().parents[1]
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--show-toplevel", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
            cwd=project,
        )
    except OSError:
        return "unknown"
    found = asked.stdout.split("\n")
    # Installed inside somebody else's checkout, their commit says nothing about this code.
    return found[1] if asked.returncode == 0 and Path(found[0]) == project else "unknown"
