"""Addresses of `publish --to`, against the rules of the Hub's own client."""

import pytest
from huggingface_hub.utils import validate_repo_id

from corpus.desk import Desk, read_desk
from corpus.destination import published_to
from corpus.errors import DeskError


@pytest.fixture(scope="module")
def desk() -> Desk:
    return read_desk("desk.yaml")


@pytest.mark.parametrize("name", ["my-org/my-news", "o/n", "O_1/n.v2", f"o/{'n' * 85}"])
def test_models_go_beside_the_data_set(desk: Desk, name: str) -> None:
    settings = published_to(desk, f"hub:{name}", private=False).publish
    names = [settings.dataset, settings.topic_model, settings.entity_model]
    assert names == [name, f"{name}-topics", f"{name}-entities"]
    for repo_id in names:
        validate_repo_id(repo_id)
    assert settings.license == desk.publish.license


def test_a_model_that_the_desk_does_not_publish_gets_no_repository(desk: Desk) -> None:
    without = desk.publish.model_copy(update={"entity_model": None})
    changed = published_to(desk.model_copy(update={"publish": without}), "hub:o/n", False)
    assert changed.publish.topic_model == "o/n-topics"
    assert changed.publish.entity_model is None


@pytest.mark.parametrize(
    "address",
    [
        "", "hub:", "o", "hub:o", "hub:hub:o/n", "o/a--b", f"o/{'n' * 86}", "hub:o/n/x",
        "HUB:o/n", "hub:o/n\n", "hub:ö/n", "hub:-o/n",
        "hub:o-/n", "hub:o/n-", "hub:o/.n", "hub:o/n.", "hub:o/a--b", "hub:o/a..b", "hub:o/n.git",
        "hub:../n", "hub:./..", f"hub:o/{'n' * 86}",
    ],
)  # fmt: skip
def test_what_the_hub_would_refuse_is_refused_before(desk: Desk, address: str) -> None:
    with pytest.raises(DeskError) as error:
        published_to(desk, address, private=False)
    assert error.value.problem.startswith(f"--to {address!r} ")
    assert "copydesk publish --to hub:my-org/my-news" in error.value.next_step


def test_a_forgotten_scheme_is_named(desk: Desk) -> None:
    with pytest.raises(DeskError, match=r"--to 'copydesk/x' does not begin with hub:") as error:
        published_to(desk, "copydesk/x", private=False)
    assert error.value.problem.endswith("did you mean hub:copydesk/x?")
    assert error.value.next_step == "Run copydesk publish --to hub:copydesk/x"


def test_privacy_is_only_ever_added(desk: Desk) -> None:
    hidden = desk.model_copy(update={"publish": desk.publish.model_copy(update={"private": True})})
    assert not published_to(desk, None, private=False).publish.private
    assert published_to(desk, None, private=True).publish.private
    assert published_to(hidden, None, private=False).publish.private
    assert published_to(desk, None, private=False) == desk
