"""SIGTERM as an end with order: what a command cleans up after an error, it cleans up then."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What a shell reports of a process that the signal ended.
TERMINATED = 128 + signal.SIGTERM


@contextmanager
def end_orderly() -> Iterator[None]:
    """Within, SIGTERM raises SystemExit; as it was where others than the main thread run this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_: int, __: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
