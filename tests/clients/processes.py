"""A client's command in a process of its own."""

import subprocess
from collections.abc import Mapping, Sequence


def output_of(command: Sequence[str], environment: Mapping[str, str], timeout_seconds: int) -> str:
    """What the command prints, run in the environment's TMPDIR; its errors fail the test."""
    done = subprocess.run(
        command,
        env=environment,
        cwd=environment["TMPDIR"],
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
