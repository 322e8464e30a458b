"""A publishing process that is killed in the middle of a request."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

from tests.publishing.fault_proxy import Fault, FaultProxy


def kill_at(
    process: "subprocess.Popen[str]",
    proxy: FaultProxy,
    fault: Fault,
    is_ready: Callable[[], bool] = lambda: True,
) -> None:
    """``kill -9`` when the proxy has dealt with the fault; it waits for ``is_ready`` before."""

    def stop() -> None:
        wait_for(is_ready)
        process.send_signal(signal.SIGSTOP)

    proxy.faults.append(replace(fault, before=stop))
    wait_for(lambda: proxy.failed.is_set() or process.poll() is not None)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    # A stopped process may have had another request on its way.
    proxy.faults.clear()


def wait_for(is_ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)
