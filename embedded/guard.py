"""`python -m embedded.guard --home DIR`: starts the process manager again when it was killed.

Supervisor runs it as one of its programs, and starts it again when it dies; so each of the two
brings the other back. Killed both at once, the kernel ends the programs (see `launch`).
"""

import argparse
import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from embedded.errors import ServiceError
from embedded.home import Home, locked
from embedded.processes import end_processes, marked_processes
from embedded.starts import MANAGER, MAX_STARTS, WINDOW_SECONDS, forget_recent, record_start
from embedded.supervision import manager, start_manager
from embedded.supervisor_config import LOG_BACKUPS, log_max_bytes

logger = logging.getLogger("embedded.guard")
LEFTOVER_SECONDS = 30


def main() -> int:
    """Wait for the manager's end, then act; exit code 1 where it could not be started."""
    parser = argparse.ArgumentParser(prog="python -m embedded.guard", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args().home)
    # The other end of this pipe is the manager's alone: it closes when the manager ends.
    sys.stdin.buffer.read()
    _log_to(home.logs / "guard-restarts.log")
    with locked(home):
        if manager(home) is not None:
            return 0
        return _start_again(home)


def _start_again(home: Home) -> int:
    started = time.monotonic()
    logger.warning("The process manager was killed; its programs end, then all start again.")
    killed = end_processes(marked_processes(home), LEFTOVER_SECONDS)
    if len(record_start(home, MANAGER).recent) > MAX_STARTS:
        logger.error(
            "It was killed %d times within %d minutes and is not started again. Find out who "
            "kills it, then run copydesk up.",
            MAX_STARTS + 1,
            WINDOW_SECONDS // 60,
        )
        return 1
    forget_recent(home)
    try:
        start_manager(home)
    except ServiceError as error:
        logger.error("%s → %s", error.problem, error.next_step)
        return 1
    seconds = time.monotonic() - started
    logger.warning(
        "Started again after %.1f s; %d processes had to be killed.", seconds, len(killed)
    )
    return 0


def _log_to(file: Path) -> None:
    handler = RotatingFileHandler(file, maxBytes=log_max_bytes(), backupCount=LOG_BACKUPS)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
