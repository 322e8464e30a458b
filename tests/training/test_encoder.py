"""Only the official files of the offline encoder are loaded."""

import shutil
from pathlib import Path

import pytest

from corpus.errors import DeskError
from training.encoder import OFFLINE_SHA256, base_model_name, encoder_path, verify


def test_the_offline_encoder_is_genuine() -> None:
    folder = Path(encoder_path("offline"))
    verify(folder)
    assert all((folder / name).is_file() for name in OFFLINE_SHA256)
    assert base_model_name("offline") == "sentence-transformers/all-MiniLM-L6-v2"


def test_any_other_encoder_is_named_as_it_is() -> None:
    assert encoder_path("some/encoder") == base_model_name("some/encoder") == "some/encoder"


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
