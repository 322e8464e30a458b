"""When each program was started: the bound on restarts, and the count that `status` shows."""

import json
import time
from dataclasses import dataclass

from embedded.home import Home, read_json, write_private

WINDOW_SECONDS = 600
# So many starts within the window; whoever needs more is broken, and restarting hides it.
MAX_STARTS = 8
# The name under which the manager's own starts stand.
MANAGER = "supervisord"


@dataclass(frozen=True, slots=True)
class Starts:
    """All starts since `up`, and the times (seconds since the epoch) of those in the window."""

    total: int
    recent: tuple[float, ...]

    @property
    def restarts(self) -> int:
        """Starts after the first."""
        return max(0, self.total - 1)

    @property
    def exhausted(self) -> bool:
        """Whether another start would be one too many."""
        return len(self.recent) >= MAX_STARTS


def read_starts(home: Home, name: str) -> Starts:
    """What is known of a program; nothing before its first start."""
    found = read_json(home.starts / f"{name}.json")
    since = time.time() - WINDOW_SECONDS
    return Starts(found.get("total", 0), tuple(t for t in found.get("recent", ()) if t > since))


def record_start(home: Home, name: str) -> Starts:
    """Note a start that happens now; returns the starts with this one."""
    before = read_starts(home, name)
    now = Starts(before.total + 1, (*before.recent, time.time()))
    text = json.dumps({"total": now.total, "recent": now.recent})
    write_private(home.starts / f"{name}.json", text)
    return now


def forget_recent(home: Home) -> None:
    """Let no start of these programs count towards the bound; the totals stay.

    They ended because their manager was killed, whose own starts go on to count.
    """
    for file in home.starts.glob("*.json"):
        if file.stem != MANAGER:
            text = json.dumps({"total": read_starts(home, file.stem).total, "recent": []})
            write_private(file, text)


def forget_starts(home: Home, names: list[str] | None = None) -> None:
    """Count anew, for these programs or for all."""
    for file in home.starts.glob("*.json"):
        if names is None or file.stem in names:
            file.unlink(missing_ok=True)
