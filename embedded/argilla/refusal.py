"""What a command of this environment answers when it refuses."""


class RefusedError(Exception):
    """A problem and the command that mends it; nothing was changed."""

    def __init__(self, problem: str, next_step: str) -> None:
        self.problem = problem
        self.next_step = next_step
        super().__init__(problem)
