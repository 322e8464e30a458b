"""What is said when a service cannot be started, reached or stopped."""

import re

SAID = re.compile(r"^error: (?P<problem>.+)\n  → (?P<next_step>.+)$", re.MULTILINE)


class ServiceError(Exception):
    """A problem with a service: what is wrong, and the command that mends it."""

    def __init__(self, problem: str, next_step: str) -> None:
        self.problem = problem
        self.next_step = next_step
        super().__init__(f"{problem}\n  → {next_step}")


def said_error(output: str) -> ServiceError | None:
    """What a command of ours printed as its refusal, ``error: problem`` and ``  → next step``."""
    found = SAID.search(output)
    return ServiceError(found["problem"], found["next_step"]) if found else None
