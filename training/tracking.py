"""Optional tracking of a training; nothing is imported or recorded unless a desk asks for it."""

import importlib.util

from corpus.errors import DeskError
from corpus.tracking import Tracking


def report_to(tracking: Tracking) -> list[str]:
    """What Trainer's ``report_to`` takes; DeskError where the package is not installed."""
    if tracking == "none":
        return []
    if importlib.util.find_spec(tracking) is None:
        raise DeskError(
            f"Tracking by {tracking} was asked for, and the package {tracking} is not installed.",
            f"Run .venv/bin/pip install 'copydesk[{tracking}]', or leave out --tracking "
            "(of a desk: models.tracking).",
        )
    return [tracking]
