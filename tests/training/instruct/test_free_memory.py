"""Free is what the container leaves, not what its machine has."""

from pathlib import Path

import pytest

from training.instruct import free_memory
from training.instruct.free_memory import container_free, free_gb

GIB = 1024**3


def group(folder: Path, **files: int | str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_the_tightest_limit_of_version_2_counts(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/pod/job\n")
    group(tmp_path / "cg")
    group(tmp_path / "cg/pod", memory__max=8 * GIB, memory__current=5 * GIB)
    group(tmp_path / "cg/pod/job", memory__max="max", memory__current=GIB)
    assert min(container_free(tmp_path / "cg", own)) == 3 * GIB
    stat = f"anon 1\ninactive_file {GIB}\n"
    group(tmp_path / "cg/pod", memory__stat=stat)
    assert min(container_free(tmp_path / "cg", own)) == 4 * GIB


def test_version_1_counts_and_a_container_sees_its_own_at_the_top(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/docker/abc\n1:cpu:/docker/abc\n0::/\n")
    top = tmp_path / "cg/memory"
    group(top, memory__limit_in_bytes=4 * GIB, memory__usage_in_bytes=5 * GIB)
    assert min(container_free(tmp_path / "cg", own)) == 0
    (top / "memory.usage_in_bytes").write_text(str(GIB))
    assert min(container_free(tmp_path / "cg", own)) == 3 * GIB


def test_without_limits_the_machine_counts(tmp_path: Path) -> None:
    assert container_free(tmp_path, tmp_path / "none") == [float("inf")]


def test_a_training_in_a_small_container_has_what_that_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(tmp_path, memory__max=GIB // 2, memory__current=GIB // 4)
    plain = free_memory.container_free
    monkeypatch.setattr(free_memory.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(free_memory, "container_free", lambda: plain(tmp_path, tmp_path / "none"))
    assert free_gb() == 0.25
