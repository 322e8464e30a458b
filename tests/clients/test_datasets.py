"""What `datasets` pushes comes back the same, by head, tag and commit."""

import pytest

from tests.clients.conftest import Findings
from tests.clients.with_datasets import ROW

pytestmark = pytest.mark.services
CLIENT = "with_datasets"


def test_data_sets_load_by_tag_by_commit_and_by_head(found: Findings) -> None:
    assert found["tagged"] == {"train": 6, "test": 3}
    assert (found["by_sha"], found["now"]) == (6, 2)


def test_class_labels_and_spans_survive(found: Findings) -> None:
    assert found["features_kept"]
    assert found["rows_kept"]


def test_rows_stream(found: Findings) -> None:
    assert found["streamed"] == [ROW] * 3
    assert found["stream_features_kept"]


def test_configurations_stand_beside_each_other(found: Findings) -> None:
    assert found["configs"] == ["default", "responses"] == found["infos_in_card"]
    assert found["configs_of_v1"] == ["default"]
    assert found["responses"] == ["yes", "no", "yes"]


def test_private_data_sets_load_with_a_token(found: Findings) -> None:
    assert (found["private"], found["is_private"]) == (1, True)


def test_a_proposed_change_loads_by_its_reference(found: Findings) -> None:
    assert (found["proposed_revision"], found["proposed"]) == ("refs/pr/1", 9)
