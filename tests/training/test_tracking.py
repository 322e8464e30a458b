"""Tracking is off unless asked for, and says what to install."""

import importlib.util

import pytest

from corpus.errors import DeskError
from training.tracking import Tracking, report_to


def test_nothing_is_recorded_by_default() -> None:
    assert report_to("none") == []


@pytest.mark.parametrize("tracking", ["mlflow", "trackio"])
def test_a_missing_package_is_named_with_its_command(tracking: Tracking) -> None:
    if importlib.util.find_spec(tracking) is not None:
        assert report_to(tracking) == [tracking]
        return
    with pytest.raises(DeskError, match=f"the package {tracking} is not installed") as error:
        report_to(tracking)
    assert f"copydesk[{tracking}]" in error.value.next_step
