"""Where preferences go: what is there and not theirs stays; an unfinished file does not."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.articles import Article
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.instruct.preferences import Preference
from flows.exportable import nothing_to_export
from flows.preference_file import export_file, write_rows

DESK = read_desk("desk.yaml", {})
ROW = {"prompt": [], "chosen": [], "rejected": []}
OF_TEST = Preference(
    "a:m:gold", Article("a", "Ada met Bo."), "gold", "{}", "", None, "m", None, 1.0, 1, 0
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"my notes\n",
        b'{"prompt": "Hi", "chosen": "Ho"}\n',
        b"[]\n",
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_a_file_that_is_no_export_stays(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(content)
    with pytest.raises(DeskError, match="only such a file is replaced") as error:
        export_file(DESK, str(file))
    assert str(file) in str(error.value) and "--out FILE" in error.value.next_step
    assert file.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    for folder in (str(tmp_path), ".", ".."):
        with pytest.raises(DeskError, match="is a folder"):
            export_file(DESK, folder)


def test_a_new_file_and_an_earlier_export_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "made" / "p.jsonl"
    for _ in range(2):
        assert export_file(DESK, str(file)) == file
        write_rows.fn(file, [ROW])
        assert json.loads(file.read_text()) == ROW
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path))
    assert export_file(DESK, "") == tmp_path / "preferences" / f"{DESK.name}.jsonl"


def test_what_cannot_be_finished_leavesnothing_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DeskError, match="No space left"):
        write_rows.fn(tmp_path / "p.jsonl", [ROW])
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_export_says_why() -> None:
    empty = nothing_to_export(DESK, 3, [], set())
    assert "3 opinions, 0 preferences." in str(empty)
    closed = replace(OF_TEST, article=Article("b", "Bo left."))
    tested = nothing_to_export(DESK, 3, [OF_TEST], {"b"})
    assert "0 of articles whose text" in str(tested) and "test split" in str(tested)
    withheld = nothing_to_export(DESK, 3, [OF_TEST, closed], {"b"})
    assert "2 preferences, 1 of articles whose text may not be passed on" in str(withheld)
    assert "publish.text_licenses" in withheld.next_step
    for error in (empty, tested):
        assert "copydesk answers pull" in error.next_step
