"""Only the official files of the offline encoder are loaded."""

import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from tests.running import HubService
from training.encoder import OFFLINE_SHA256, base_model_name, encoder_path, verify


def test_the_offline_encoder_is_genuine() -> None:
    folder = Path(encoder_path("offline"))
    verify(folder)
    assert all((folder / name).is_file() for name in OFFLINE_SHA256)
    assert base_model_name("offline") == "sentence-transformers/all-MiniLM-L6-v2"


def test_any_other_encoder_is_named_as_it_is(tmp_path: Path) -> None:
    assert base_model_name("some/encoder") == "some/encoder"
    assert encoder_path(str(tmp_path)) == str(tmp_path)


def test_an_encoder_comes_from_the_first_hub_that_has_it(
    hub_service: HubService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub_service.token)
    monkeypatch.setattr("training.encoder.PUBLIC_HUB", hub_service.endpoint)
    api = HfApi(hub_service.endpoint, token=hub_service.token)
    # The stand-in for the public Hub gets no token, so its repository is a public one.
    api.create_repo("copydesk/some-encoder", exist_ok=True)
    api.upload_file(
        path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="copydesk/some-encoder"
    )
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    folder = Path(encoder_path("copydesk/some-encoder"))
    assert (folder / "config.json").read_text() == "{}"
    with pytest.raises(DeskError, match=r"'copydesk/none' cannot be downloaded \(http://127"):
        encoder_path("copydesk/none")
    with pytest.raises(DeskError, match="cannot be downloaded"):
        encoder_path("not/a/repo")


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    for name in OFFLINE_SHA256:
        shutil.copy(Path(encoder_path("offline")) / name, tmp_path / name)
    verify(tmp_path)
    with (tmp_path / "tokenizer.json").open("r+b") as file:
        file.write(b"[")
    with pytest.raises(DeskError, match=r"tokenizer\.json is not the official file") as error:
        verify(tmp_path)
    assert "Reinstall" in error.value.next_step


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"model\.safetensors is not the official file"):
        verify(tmp_path)
