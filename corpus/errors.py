"""The one error type that people see: what was wrong, the rule, and what to do next."""


class DeskError(Exception):
    """Bad input or an environment that does not allow the work.

    The message names the value, the rule it breaks, and the next command or edit.
    """

    def __init__(self, problem: str, next_step: str) -> None:
        self.problem = problem
        self.next_step = next_step
        super().__init__(f"{problem}\n  → {next_step}")

    def __reduce__(self) -> tuple[type["DeskError"], tuple[str, str]]:
        # Prefect pickles exceptions across processes; the default would lose next_step.
        return (DeskError, (self.problem, self.next_step))
