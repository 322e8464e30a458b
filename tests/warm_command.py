"""The command in a fork of a process that has loaded its libraries already.

Loading them takes a command a dozen CPU seconds, which tests of what it does pay once. Its
environment is that of the tests, which names the services; how a fresh process finds them is for
`tests.test_copydesk.copydesk`.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LOADED = (
    "flows.curate",
    "flows.publish",
    "flows.second_look",
    "flows.train_sft",
    "copydesk.commands",
)
# Of what the command sets before it imports them, this is not in the tests' environment.
READ_AT_IMPORT = {"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}


class WarmCommand:
    """Starts commands, which write into files of ``folder``."""

    def __init__(self, parent: "subprocess.Popen[str]", folder: Path) -> None:
        self._parent = parent
        self._folder = folder
        self._count = 0

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        return self.start(*arguments).wait()

    def start(self, *arguments: str) -> "Forked":
        """Begin it."""
        self._count += 1
        out, err = (self._folder / f"{self._count}.{name}" for name in ("out", "err"))
        for file in (out, err):
            file.touch(0o600)
        pid = self._ask({"arguments": arguments, "out": str(out), "err": str(err)})
        return Forked(self, pid, arguments, out, err)

    def code(self, pid: int) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        found: int | None = self._ask({"pid": pid})
        return found

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(question) + "\n")
        self._parent.stdin.flush()
        line = self._parent.stdout.readline()
        assert line, f"the warm process ended with {self._parent.wait()}"
        return json.loads(line)


class Forked:
    """A command that runs, or ran."""

    def __init__(
        self, command: WarmCommand, pid: int, arguments: tuple[str, ...], out: Path, err: Path
    ) -> None:
        self.pid = pid
        self._command = command
        self._arguments = arguments
        self._out, self._err = out, err

    def wait(self, seconds: float = 240) -> "subprocess.CompletedProcess[str]":
        """Its end; one that takes longer is killed, and AssertionError."""
        deadline = time.monotonic() + seconds
        while (code := self._command.code(self.pid)) is None:
            self._require_before(deadline)
            time.sleep(0.05)
        said, told = self._out.read_text(), self._err.read_text()
        return subprocess.CompletedProcess(self._arguments, code, said, told)

    def end_at(self, moment: str, how: signal.Signals) -> "subprocess.CompletedProcess[str]":
        """Send the signal when it has said this on stderr; AssertionError if it never does."""
        deadline = time.monotonic() + 240
        while True:
            # Before reading: what has ended by now has said all that it ever will.
            code = self._command.code(self.pid)
            found = moment in self._err.read_text()
            assert code is None, f"ended with {code}; {moment!r} said: {found}"
            if found:
                break
            self._require_before(deadline)
            time.sleep(0.01)
        os.kill(self.pid, how)
        return self.wait(120)

    def _require_before(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"{self._arguments} takes too long:\n{self._err.read_text()}")


@contextmanager
def warm_command(folder: Path) -> Iterator[WarmCommand]:
    """Yields what starts commands; at its end it kills those that still run."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.warm_command"],
        cwd=PROJECT,
        env={**os.environ, **READ_AT_IMPORT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        yield WarmCommand(parent, folder)


def serve() -> None:
    """In the parent: fork for each request, and tell exit codes."""
    for name in LOADED:
        importlib.import_module(name)
    codes: dict[int, int | None] = {}
    try:
        question = _forked(codes)
    except BaseException:
        _kill_rest(codes)
        raise
    if question is None:
        _kill_rest(codes)
    else:
        _become(question)


def _forked(codes: dict[int, int | None]) -> dict[str, Any] | None:
    """What a fork has to do; None in the parent, when nothing more is asked."""
    for line in sys.stdin:
        question: dict[str, Any] = json.loads(line)
        if "pid" in question:
            pid = question["pid"]
            if codes[pid] is None:
                codes[pid] = _ended(pid)
            _answer(codes[pid])
        elif pid := os.fork():
            codes[pid] = None
            _answer(pid)
        else:
            return question
    return None


def _kill_rest(codes: dict[int, int | None]) -> None:
    """The commands of a test that failed in the middle of them."""
    for pid in (pid for pid, code in codes.items() if code is None):
        os.kill(pid, signal.SIGKILL)


def _answer(found: int | None) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(question: dict[str, Any]) -> None:
    """In the fork: the command, with its own output and no input."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(question[name], os.O_WRONLY), number)
    sys.argv = ["copydesk", *question["arguments"]]
    importlib.import_module("copydesk.commands").main()


if __name__ == "__main__":
    serve()
