"""A data set's next version: compared with any version of our manifest, and with nobody else's."""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DeskError
from publishing.changes import read_labels
from publishing.describe_model import Trained
from publishing.hub import Published
from publishing.manifest import is_ours, published_labels
from publishing.parts import ModelFiles, Part, dataset_part, model_part
from publishing.remote import NOTHING, Previous
from tests.publishing.reviews import TOPICS, desk, some_review


def part_of(folder: Path, **changes: Any) -> Part:
    about = desk(**changes)
    return dataset_part(
        about, some_review(about), folder, lambda _, names: read_labels(folder, names)
    )


def after(texts: Any, **changes: Any) -> Previous:
    """The Hub after these texts, with other keys in the manifest."""
    manifest = json.dumps(json.loads(texts["manifest.json"]) | changes)
    return Previous("a" * 40, "v1", texts["README.md"], manifest)


def test_a_manifest_of_a_later_copydesk_is_ours_and_makes_no_commit(tmp_path: Path) -> None:
    part = part_of(tmp_path)
    first = part.complete(NOTHING)
    previous = after(first, something_new={"a": 1})
    again = part.complete(previous)
    assert again["manifest.json"] == previous.manifest
    assert again["README.md"] == first["README.md"]


@pytest.mark.parametrize("changes", [{}, {"answers": "another shape"}], ids=["readable", "not"])
def test_classes_keep_their_numbers_whatever_version_wrote_them(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    first = part_of(tmp_path / "one").complete(NOTHING)
    turned = dict(reversed(TOPICS.items()))
    with pytest.raises(DeskError, match="class numbers would change"):
        part_of(tmp_path / "two", **{"labels.topics": turned}).complete(after(first, **changes))
    grown = {**TOPICS, "Weather": "rain"}
    texts = part_of(tmp_path / "three", **{"labels.topics": grown}).complete(after(first))
    manifest = json.loads(texts["manifest.json"])
    assert list(manifest["topics"])[-1] == "Weather"
    assert manifest["changes"]["since"] == "v1"
    assert manifest["changes"]["added"] == manifest["changes"]["relabelled"] == 0


def test_whose_manifest_it_is(tmp_path: Path) -> None:
    ours = part_of(tmp_path).complete(NOTHING)["manifest.json"]
    assert is_ours(ours)
    assert published_labels(ours, "topics") == list(TOPICS)
    raw = json.loads(ours)
    for change in ({"kind": "app"}, {"provenance": {}}, {"files": {"main.js": "00"}}, {"files": 3}):
        other = json.dumps(raw | change)
        assert not is_ours(other)
        assert published_labels(other, "topics") == []
    assert not is_ours(None)
    assert not is_ours("no JSON")


def model_after(folder: Path, revision: str, count: int = 12) -> Part:
    """Of a data set at this revision, with so many reviewed articles."""
    about = desk()
    (folder / "trained").mkdir(parents=True)
    (folder / "trained/model.safetensors").write_bytes(b"weights")
    (folder / "learning_curve.png").write_bytes(b"png")
    training = {
        "seed": 1,
        "settings": {"max_length_tokens": 128},
        "examples": 9,
        "diagnosis": "Healthy.",
    }
    trained = Trained("topics", "00ff", "base/model", None, training, {}, [])
    files = ModelFiles(folder / "trained", folder / "learning_curve.png", folder / "evaluation")
    data = Published(about.publish.dataset, "dataset", revision, "v1", "", changed=True)
    return model_part(about, some_review(about, count), trained, files, data, folder / "model")


def test_a_model_is_not_new_because_somebody_edited_the_card_of_its_data(tmp_path: Path) -> None:
    first = model_after(tmp_path / "one", "a" * 40).complete(NOTHING)
    again = model_after(tmp_path / "two", "b" * 40).complete(after(first))
    assert again == {**first, "manifest.json": after(first).manifest}
    grown = model_after(tmp_path / "three", "c" * 40, count=20).complete(after(first))
    changes = json.loads(grown["manifest.json"])["changes"]
    assert (changes["since"], changes["same_test"]) == ("v1", False)
