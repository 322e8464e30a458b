"""How many data sets a property that costs more is asked of, as a part of the profile's number."""

from hypothesis import settings

# The short run's number, to which the parts refer.
SHORT_RUN = 4


def fewer(in_short_run: int) -> int:
    """So many of the short run's four; in proportion in a longer one."""
    return max(1, settings().max_examples * in_short_run // SHORT_RUN)
