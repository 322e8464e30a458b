"""Encoders are told apart by their files, wherever these lie, and not by what is said of them."""

import shutil
from pathlib import Path

import numpy as np

from training.encoder import encoder_digest
from training.worth.kept import encoded_once


def folder(place: Path, weights: bytes) -> str:
    """As sentence-transformers may save it: nothing but settings at the top."""
    (place / "0_Transformer").mkdir(parents=True)
    (place / "modules.json").write_text("[]")
    (place / "0_Transformer" / "model.safetensors").write_bytes(weights)
    return str(place)


def test_files_decide_and_words_do_not(tmp_path: Path) -> None:
    one = folder(tmp_path / "one" / "model", b"1")
    other = folder(tmp_path / "other" / "model", b"2")
    assert encoder_digest(one) != encoder_digest(other)
    copied = shutil.copytree(one, tmp_path / "copied")
    for name in (
        "README.md",
        ".gitattributes",
        "model.onnx",
        "onnx/model.onnx",
        "__pycache__/a.pyc",
    ):
        (copied / name).parent.mkdir(exist_ok=True)
        (copied / name).write_text("more")
    assert encoder_digest(str(copied)) == encoder_digest(one)
    (copied / "modules.json").write_text("[1]")
    assert encoder_digest(str(copied)) != encoder_digest(one)


def test_what_one_encoder_said_is_not_taken_for_anothers(tmp_path: Path) -> None:
    """Also where the weights lie in a folder below."""

    def said(value: float) -> list[list[float]]:
        encoder = folder(tmp_path / f"{value}" / "model", str(value).encode())
        vector = np.full((1, 2), value)
        return [
            matrix.tolist()
            for matrix in encoded_once(
                "texts of a test", encoder, "float32", [b"text"], lambda _: {0: vector}
            )
        ]

    assert said(1.0) == [[[1.0, 1.0]]]
    assert said(2.0) == [[[2.0, 2.0]]]
