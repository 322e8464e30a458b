"""What is said when a service cannot be started, reached or stopped."""


class ServiceError(Exception):
    """A problem with a service: what is wrong, and the command that mends it."""

    def __init__(self, problem: str, next_step: str) -> None:
        self.problem = problem
        self.next_step = next_step
        super().__init__(f"{problem}\n  → {next_step}")
