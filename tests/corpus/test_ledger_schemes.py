"""The ledger behind addresses that are no local folder, and segments that are not what they say."""

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from corpus.articles import Article, Response
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from embedded.ports import free_port

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
S3 = all(importlib.util.find_spec(name) for name in ("s3fs", "moto", "flask"))


def entry(annotator: str, topic: str = "World") -> LedgerEntry:
    response = Response("a", annotator, "submitted", topic, (), NOON)
    return LedgerEntry(response, guidelines="g", blind=False)


@pytest.fixture
def memory(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address in the memory of this process."""
    yield f"memory://{request.node.name}"
    MemoryFileSystem.store.clear()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket of an S3 server of the test's own; skips where its packages are not installed."""
    if not S3:
        pytest.skip("s3fs and moto[server] are not installed")
    patch, port = pytest.MonkeyPatch(), free_port()
    address = f"http://127.0.0.1:{port}"
    for name, value in (
        ("AWS_ENDPOINT_URL", address),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        patch.setenv(name, value)
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.put(f"{address}/newsroom").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.3)
        yield "s3://newsroom/state"
    finally:
        patch.undo()
        server.terminate()
        server.wait(20)


def keeps_all_that_is_appended(address: str) -> None:
    """Articles, answers, notes, splits: appended by one process, read and appended by the next."""
    first, second = Ledger(address, "desk"), Ledger(address, "desk")
    first.append_articles([Article("a", "Text 👩‍🚀\r\n", title="T")])
    assert first.append_entries([entry("x"), entry("y")]) == 2
    assert second.append_entries([entry("y"), entry("z")]) == 1
    first.set_cursor({"seen": "1"})
    second.set_cursor({"seen": "2"})
    second.set_pending({"r1": "a"})
    read = Ledger(address, "desk")
    assert read.articles()["a"].text == "Text 👩‍🚀\r\n"
    assert [e.response.annotator for e in first.entries()] == ["x", "y", "z"]
    assert (read.cursor(), read.pending()) == ({"seen": "2"}, {"r1": "a"})
    assert not [path for path in read.fs.find(read.root) if path.endswith(".unfinished")]


def test_a_ledger_in_memory_keeps_all(memory: str) -> None:
    keeps_all_that_is_appended(memory)


@pytest.mark.parametrize("name", ["desk[1]", "de*sk", "desk?"])
def test_a_ledger_keeps_all_in_a_folder_with_a_pattern_for_name(
    name: str, memory: str, tmp_path: Path
) -> None:
    keeps_all_that_is_appended(f"{memory}/{name}")
    keeps_all_that_is_appended(str(tmp_path / name))


def test_a_ledger_on_s3_keeps_all(bucket: str) -> None:
    keeps_all_that_is_appended(bucket)
    keeps_all_that_is_appended(f"{bucket}/desk[1]")


def test_writers_on_s3_that_meet_lose_nothing(bucket: str) -> None:
    writers_that_meet_lose_nothing(f"{bucket}/writers")


def test_writers_in_a_folder_that_meet_lose_nothing(tmp_path: Path) -> None:
    writers_that_meet_lose_nothing(str(tmp_path))


def writers_that_meet_lose_nothing(address: str) -> None:
    """Each of four appends answers of its own and one that all have, and moves the cursor."""

    def write(name: str) -> None:
        ledger = Ledger(address, "desk")
        for number in range(5):
            ledger.append_entries([entry("all"), entry(f"{name}-{number}")])
            ledger.set_cursor({"by": name})

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(address, "desk")
    found = [e.response.annotator for e in ledger.entries()]
    assert sorted(found) == sorted(["all", *(f"{n}-{i}" for n in "abcd" for i in range(5))])
    assert ledger.cursor()["by"] in "abcd"


@pytest.mark.skipif(S3, reason="s3fs is installed")
def test_a_state_on_s3_names_the_package_that_is_missing() -> None:
    with pytest.raises(DeskError, match=r"'s3://bucket/state' cannot be opened: .*s3fs"):
        Ledger("s3://bucket/state", "desk")


def test_what_is_not_what_its_name_says_is_not_read_and_comes_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file system that moves by copying leaves half of a segment under its final name."""
    ledger = Ledger(str(tmp_path), "desk")
    ledger.append_entries([entry("x")])
    ledger.set_cursor({"seen": "1"})
    (segment,) = (tmp_path / "desk/answers").iterdir()
    segment.write_bytes(segment.read_bytes()[:200])
    (tmp_path / "desk/cursor.json").write_text('{"se')
    again = Ledger(str(tmp_path), "desk")
    assert (again.entries(), again.cursor()) == ([], {})
    assert f"{segment.name} is not read" in caplog.text
    assert again.append_entries([entry("x")]) == 1
    assert Ledger(str(tmp_path), "desk").entries() == [entry("x")]


def test_what_was_half_written_when_it_was_read_is_read_later(tmp_path: Path) -> None:
    Ledger(str(tmp_path), "desk").append_entries([entry("x")])
    (segment,) = (tmp_path / "desk/answers").iterdir()
    whole = segment.read_bytes()
    segment.write_bytes(whole[:200])
    reader = Ledger(str(tmp_path), "desk")
    assert reader.entries() == []
    segment.write_bytes(whole)
    assert reader.entries() == [entry("x")]
