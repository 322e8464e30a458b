"""Bars of uploads, by a real process on a pseudo-terminal and in a pipe."""

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
# The client makes such a bar for each large file; one with a name for each download.
SCRIPT = """
from publishing.progress import show_uploads_on_terminals
show_uploads_on_terminals()
show_uploads_on_terminals()
from huggingface_hub.utils import tqdm
list(tqdm(range(3), desc="an upload"))
list(tqdm(range(3), desc="a download", name="huggingface_hub.http_get"))
"""


def run(stderr: int) -> None:
    environment = {**os.environ, "TQDM_DISABLE": "1", "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=stderr, env=environment, check=True)


def shown(descriptor: int) -> str:
    """What is there to read; a pseudo-terminal reports its closed end as an error."""
    text = b""
    while True:
        try:
            part = os.read(descriptor, 4096)
        except OSError:
            part = b""
        if not part:
            return text.decode()
        text += part


@pytest.mark.parametrize("terminal", [True, False])
def test_uploads_show_a_bar_on_a_terminal_only(terminal: bool) -> None:
    reader, writer = pty.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(reader, (24, 80))
    run(writer)
    os.close(writer)
    seen = shown(reader)
    os.close(reader)
    assert ("an upload: 100%" in seen) is terminal
    assert "a download" not in seen
