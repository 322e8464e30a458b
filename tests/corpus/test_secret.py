"""The key of the pseudonyms: made once, private, and never replaced in silence."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.secret import desk_secret

ASK = """
import sys
from corpus.ledger import Ledger
from corpus.secret import desk_secret
ledger = Ledger(sys.argv[1], "harbour")
sys.stdin.readline()
print(desk_secret(ledger).hex())
"""


def test_one_key_for_each_desk_readable_by_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = desk_secret(Ledger(str(tmp_path), "harbour"))
    finally:
        os.umask(before)
    assert len(key) == 32
    assert desk_secret(Ledger(str(tmp_path), "harbour")) == key
    assert desk_secret(Ledger(str(tmp_path), "sport")) != key
    (file,) = (tmp_path / "harbour").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_kind_of_state() -> None:
    address = f"memory://{uuid.uuid4().hex}"
    key = desk_secret(Ledger(address, "harbour"))
    assert len(key) == 32
    assert desk_secret(Ledger(address, "harbour")) == key


def test_processes_that_ask_first_at_the_same_moment_get_the_same_key(tmp_path: Path) -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in asking:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in asking}
    assert len(keys) == 1
    assert len(keys.pop()) == 65
    assert [f.name for f in (tmp_path / "harbour").iterdir()] == ["pseudonyms.key"]


@pytest.mark.parametrize("damaged", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_refused(tmp_path: Path, damaged: bytes) -> None:
    ledger = Ledger(str(tmp_path), "harbour")
    desk_secret(ledger)
    (tmp_path / "harbour/pseudonyms.key").write_bytes(damaged)
    with pytest.raises(DeskError, match=f"holds {len(damaged)} bytes") as error:
        desk_secret(ledger)
    assert "Restore it from a backup" in error.value.next_step
