"""What copydesk merge refuses: weights that do not fit, and files that are broken or missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DeskError
from tests.test_file_commands import run
from tests.training.instruct.tiny import save_tiny
from training.instruct import merged as merging


def test_a_base_of_other_weights_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other", seed=2)
    with pytest.raises(DeskError, match=r"'a/tiny' with weights [0-9a-f]{16}, and these are"):
        run("merge", adapter, "--base", other, "--out", tmp_path / "one")
    assert not (tmp_path / "one").exists()


def test_a_published_adapter_says_by_its_manifest_what_it_fits(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    shutil.copytree(adapter, published)
    run("merge", published, "--base", base, "--out", tmp_path / "one")
    manifest = {"kind": "instructions", "training": {"settings": {"base_weights": "0" * 16}}}
    (published / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DeskError, match="with weights 0000000000000000"):
        run("merge", published, "--base", base, "--out", tmp_path / "two")


@pytest.mark.parametrize(
    "manifest", [{"training": None}, {"training": {"settings": None}}, {"kind": "?"}, []]
)
def test_a_manifest_that_names_no_weights_leaves_it_to_the_training(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Any
) -> None:
    """Also of the folder where one stands."""
    model = tmp_path / "model"
    shutil.copytree(adapter, model)
    facts = json.dumps({"settings": {"base_weights": "1" * 16}})
    (tmp_path / "training.json").write_text(facts)
    monkeypatch.chdir(model)
    assert merging.trained_on(Path()) == "1" * 16
    (model / "manifest.json").write_text(json.dumps(manifest))
    assert merging.trained_on(Path()) == "1" * 16
    (tmp_path / "training.json").unlink()
    assert merging.trained_on(Path()) is None


def test_an_adapter_given_as_this_folder_is_checked(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = save_tiny(tmp_path / "other", seed=2)
    monkeypatch.chdir(adapter)
    with pytest.raises(DeskError, match=r"'a/tiny' with weights [0-9a-f]{16}, and these are"):
        run("merge", ".", "--base", other, "--out", tmp_path / "one")


def copied(adapter: Path, to: Path, name: str, content: bytes) -> Path:
    """The adapter's folder with another content in one of its files."""
    shutil.copytree(adapter, to)
    (to / name).write_bytes(content)
    return to


@pytest.mark.parametrize("content", [b"{cut", b"\xff\xfe"])
def test_a_manifest_that_is_cut_off_is_named(
    base: Path, adapter: Path, tmp_path: Path, content: bytes
) -> None:
    published = copied(adapter, tmp_path / "published", "manifest.json", content)
    with pytest.raises(DeskError, match=r"manifest\.json is no JSON") as error:
        run("merge", published, "--base", base, "--out", tmp_path / "one")
    assert "copydesk train sft" in error.value.next_step


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{cut", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "names no base model"),
        (b"{}", "names no base model"),
        (b'{"base_model_name_or_path": null}', "names no base model"),
    ],
)
def test_an_adapter_whose_settings_cannot_be_read_is_named(
    adapter: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    broken = copied(adapter, tmp_path / "broken", "adapter_config.json", content)
    with pytest.raises(DeskError, match=rf"adapter_config\.json {said}") as error:
        run("merge", broken, "--out", tmp_path / "one")
    assert "its folder from the Hub, or copydesk train sft" in error.value.next_step
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(
    ("arguments", "said", "mend"),
    [
        (["nowhere/at-all"], "is no folder here and cannot be downloaded", "owner/name"),
        (["BASE"], "holds no adapter: adapter_config.json is missing", "copydesk train sft"),
        (["ADAPTER"], "'a/tiny' cannot be downloaded", "--base PLACE"),
        (["ADAPTER", "--base", "gone/base"], "'gone/base' cannot be downloaded", "--base PLACE"),
        (["ADAPTER", "--set", "name=x"], "--set is for desks", "Leave --set out"),
        (["--base", "BASE"], "--base needs an ADAPTER", "its own base"),
    ],
)
def test_what_is_missing_is_named(
    base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], said: str, mend: str,
) -> None:  # fmt: skip
    # Nobody answers there, and nobody else is asked.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("training.encoder.PUBLIC_HUB", "http://127.0.0.1:9")
    places = {"BASE": base, "ADAPTER": adapter}
    with pytest.raises(DeskError) as error:
        run("merge", *[places.get(a, a) for a in arguments], "--out", tmp_path / "one")
    assert said in error.value.problem
    assert mend in error.value.next_step
    assert not (tmp_path / "one").exists()
