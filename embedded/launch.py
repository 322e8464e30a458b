"""`python -m embedded.launch --home DIR --name N -- COMMAND`: what supervisor starts.

Before it becomes the program (same process, no memory of its own) it ties it to the manager's
life, ends what a killed predecessor left, waits for Redis, and refuses to start a program that
keeps ending.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from embedded.health import redis_answers
from embedded.home import Home
from embedded.processes import die_with_parent, end_processes, marked_processes
from embedded.starts import MAX_STARTS, WINDOW_SECONDS, Starts, read_starts, record_start
from embedded.supervisor_config import START_SECONDS

LEFTOVER_SECONDS = 4
REDIS_SECONDS = 8
REFUSED, NOT_READY = 78, 75
# So do its lines in a program's log begin.
LAUNCHER_SAYS = "copydesk: "


def main() -> None:
    """Become the program, or exit with a code above 0 where it must not start now."""
    parser = argparse.ArgumentParser(prog="python -m embedded.launch", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--after-redis", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    home = Home(options.home)
    if not die_with_parent(_manager_pid(home)):
        sys.exit(NOT_READY)
    before = read_starts(home, options.name)
    if before.exhausted:
        _say(
            f"{options.name} ended {MAX_STARTS} times within {WINDOW_SECONDS // 60} minutes and is "
            "not started again. Its last words stand above: mend that, then run copydesk up."
        )
        sys.exit(REFUSED)
    _make_way(home, options.name, before)
    if options.after_redis and not _redis_in_time(home):
        _say(f"{options.name} needs Redis, and Redis does not answer. See {home.logs}/redis.log.")
        sys.exit(NOT_READY)
    os.execv(options.command[0], options.command)


def _make_way(home: Home, name: str, before: Starts) -> None:
    end_processes(marked_processes(home, name), LEFTOVER_SECONDS)
    time.sleep(_delay_seconds(before))
    record_start(home, name)
    if before.total:
        _say(f"{name} is started again (restart {before.total}).")


def _manager_pid(home: Home) -> int:
    return int(home.supervisor_pid_file.read_text(encoding="ascii"))


def _delay_seconds(before: Starts) -> int:
    """Supervisor waits by itself after a quick end; this is for one that comes late."""
    slow = before.recent and time.time() - before.recent[-1] > START_SECONDS
    return 2 * (len(before.recent) - 1) if slow else 0


def _redis_in_time(home: Home) -> bool:
    deadline = time.monotonic() + REDIS_SECONDS
    while not redis_answers(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _say(message: str) -> None:
    sys.stderr.write(f"{LAUNCHER_SAYS}{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
