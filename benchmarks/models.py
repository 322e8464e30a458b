"""Whole rounds on real corpora by the commands that users run: make bench-models DATA=folder

The folder holds ag_news_small.parquet (text_clean, topic, split) and ner_news_small.parquet
(text, spans, split). Reviewers are simulated from the corpora's labels with seeded noise; scores
are on the corpora's own test splits. Seconds are those of the command, without the services.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import DeskError

RESULTS = Path("bench-results/models.md")
TOPICS = ("--desk", "desks/ag_news.yaml")
ENTITIES = ("--desk", "desks/entities.yaml")
FEW = ("--per-class", "16")


@dataclass(frozen=True, slots=True)
class Measured:
    """One command: wall and CPU seconds, and what it printed."""

    command: str
    wall: float
    cpu: float
    output: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data: Path = parser.parse_args(arguments).data
    news, entities = (find(data, f"{name}_small.parquet") for name in ("ag_news", "ner_news"))
    lines = []
    with services():
        lines += report(
            "Topics, all reviewed articles",
            [run("curate", *TOPICS, "--source", news, "--simulate")],
            run("score", *TOPICS, "--source", news),
        )
        lines += report(
            "Topics, 16 reviewed articles a class",
            [run("train", *TOPICS, "--source", news, *FEW)],
            run("score", *TOPICS, "--source", news, *FEW),
        )
        lines += report(
            "Entities",
            [run("curate", *ENTITIES, "--source", entities, "--simulate")],
            run("score", *ENTITIES, "--source", entities),
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    say(f"\nWritten to {RESULTS}")


def find(data: Path, name: str) -> str:
    """The corpus file as an absolute path; DeskError where it is not there."""
    file = data / name
    if not file.is_file():
        raise DeskError(f"The benchmark needs {file}.", "Run make bench-models DATA=folder.")
    return str(file.resolve())


@contextmanager
def services() -> Iterator[None]:
    """Embedded services with an empty state of their own, stopped and deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as home:
        os.environ["COPYDESK_HOME"] = home
        for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
            os.environ.pop(name, None)
        run("up")
        try:
            yield
        finally:
            run("down")


def run(*arguments: str) -> Measured:
    """Run one copydesk command; its progress goes to the terminal."""
    command = [str(Path(sys.executable).with_name("copydesk")), *arguments]
    say(f"$ copydesk {' '.join(arguments)}")
    before, started = os.times(), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Measured(arguments[0], time.monotonic() - started, cpu, done.stdout)


def report(title: str, commands: Sequence[Measured], scored: Measured) -> list[str]:
    """Markdown lines: seconds of each command, then every score."""
    lines = [f"## {title}", ""]
    lines += [f"- `{c.command}`: {c.wall:.0f} s, {c.cpu:.0f} CPU s" for c in commands]
    lines += [f"- {line}" for line in scored.output.splitlines()]
    say("\n".join(lines))
    return [*lines, ""]


def say(text: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
