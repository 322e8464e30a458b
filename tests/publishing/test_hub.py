"""The only writes to the Hub, against the embedded one."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from publishing.hub import Published, head_revision, next_tag, publish_folder, read_text
from publishing.manifest import file_hashes
from tests.running import HubService

pytestmark = pytest.mark.services


@pytest.fixture
def api(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture
def repo_id() -> str:
    return f"copydesk/publish-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text("# One\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.parquet").write_bytes(b"PAR1" * 1000)
    return tmp_path


def publish(api: HfApi, repo_id: str, folder: Path) -> Published:
    manifest = json.dumps({"files": file_hashes(folder)})
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    return publish_folder(api, repo_id, "dataset", folder, "test")


def commits(api: HfApi, repo_id: str) -> list[str]:
    return [c.commit_id for c in api.list_repo_commits(repo_id, repo_type="dataset")]


def test_one_commit_a_publish_and_none_without_change(
    api: HfApi, repo_id: str, folder: Path
) -> None:
    assert head_revision(api, repo_id, "dataset") is None
    first = publish(api, repo_id, folder)
    assert (first.changed, first.tag) == (True, "v1")
    assert head_revision(api, repo_id, "dataset") == first.revision
    before = commits(api, repo_id)
    again = publish(api, repo_id, folder)
    assert (again.changed, again.tag, again.revision) == (False, "v1", first.revision)
    assert commits(api, repo_id) == before
    (folder / "README.md").write_text("# Two\n", encoding="utf-8")
    (folder / "data/train.parquet").unlink()
    second = publish(api, repo_id, folder)
    assert (second.changed, second.tag) == (True, "v2")
    assert len(commits(api, repo_id)) == len(before) + 1
    files = set(api.list_repo_files(repo_id, repo_type="dataset"))
    assert files - {".gitattributes"} == {"manifest.json", "README.md"}
    old = api.list_repo_files(repo_id, repo_type="dataset", revision="v1")
    assert "data/train.parquet" in old
    assert read_text(api, repo_id, "dataset", "README.md") == "# Two\n"


def test_files_of_other_people_stay(api: HfApi, repo_id: str, folder: Path) -> None:
    publish(api, repo_id, folder)
    for name in ("LICENSE", "images/harbour.txt"):
        api.upload_file(
            path_or_fileobj=b"theirs", path_in_repo=name, repo_id=repo_id, repo_type="dataset"
        )
    (folder / "data/train.parquet").rename(folder / "data/all.parquet")
    publish(api, repo_id, folder)
    files = set(api.list_repo_files(repo_id, repo_type="dataset")) - {".gitattributes"}
    assert files == {
        "LICENSE", "images/harbour.txt", "data/all.parquet", "manifest.json", "README.md",
    }  # fmt: skip


def test_a_repository_of_somebody_else_is_refused(api: HfApi, repo_id: str, folder: Path) -> None:
    api.create_repo(repo_id, repo_type="dataset")
    api.upload_file(
        path_or_fileobj=b"a", path_in_repo="train.csv", repo_id=repo_id, repo_type="dataset"
    )
    before = commits(api, repo_id)
    with pytest.raises(DeskError, match=r"did not publish \(train\.csv\)"):
        publish(api, repo_id, folder)
    assert commits(api, repo_id) == before


def test_a_desk_that_asks_for_privacy_gets_it(api: HfApi, repo_id: str, folder: Path) -> None:
    publish(api, repo_id, folder)
    assert not api.repo_info(repo_id, repo_type="dataset").private
    publish_folder(api, repo_id, "dataset", folder, "test", private=True)
    assert api.repo_info(repo_id, repo_type="dataset").private
    # Somebody may have hidden it on the Hub: not asking for privacy shows nothing.
    publish_folder(api, repo_id, "dataset", folder, "test", private=False)
    assert api.repo_info(repo_id, repo_type="dataset").private


def test_a_commit_in_between_is_seen(
    api: HfApi, repo_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(api, repo_id, folder)
    (folder / "README.md").write_text("# Ours\n", encoding="utf-8")
    create = api.create_commit
    calls = []

    def race(*arguments: Any, **options: Any) -> Any:
        calls.append(options["parent_commit"])
        if len(calls) == 1:
            api.upload_file(
                path_or_fileobj=b"theirs",
                path_in_repo="theirs.txt",
                repo_id=repo_id,
                repo_type="dataset",
            )
        return create(*arguments, **options)

    uploader = HfApi(endpoint=api.endpoint, token=api.token)
    monkeypatch.setattr(api, "upload_file", uploader.upload_file)
    monkeypatch.setattr(api, "create_commit", race)
    published = publish(api, repo_id, folder)
    assert published.changed
    assert len(calls) == 2
    assert calls[0] != calls[1]
    assert read_text(api, repo_id, "dataset", "README.md") == "# Ours\n"


def test_a_lost_answer_is_not_sent_twice(
    api: HfApi, repo_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(api, repo_id, folder)
    before = len(commits(api, repo_id))
    (folder / "README.md").write_text("# Landed\n", encoding="utf-8")
    create = api.create_commit

    def lose_the_answer(*arguments: Any, **options: Any) -> None:
        create(*arguments, **options)
        raise httpx2.RemoteProtocolError("Server disconnected")

    monkeypatch.setattr(api, "create_commit", lose_the_answer)
    published = publish(api, repo_id, folder)
    assert published.changed
    assert published.tag == "v2"
    assert len(commits(api, repo_id)) == before + 1


def test_errors_name_the_hub_and_never_the_token(
    hub_service: HubService, repo_id: str, folder: Path
) -> None:
    wrong = HfApi(endpoint=hub_service.endpoint, token="hf_wrong_secret")
    with pytest.raises(DeskError, match="refuses the token") as error:
        publish(wrong, repo_id, folder)
    assert "hf_wrong_secret" not in str(error.value)
    reader = HfApi(endpoint=hub_service.endpoint, token=hub_service.read_token)
    with pytest.raises(DeskError, match="refuses the token"):
        publish(reader, repo_id, folder)
    nobody = HfApi(endpoint="http://127.0.0.1:9", token="x")
    with pytest.raises(DeskError, match=r"http://127\.0\.0\.1:9 does not answer"):
        publish(nobody, repo_id, folder)
    with pytest.raises(DeskError):
        publish(HfApi(endpoint=hub_service.endpoint, token=hub_service.token), "a/b/c", folder)


def test_tags_count_upwards() -> None:
    assert next_tag({}) == "v1"
    assert next_tag({"v1": "a", "v12": "b", "release": "c"}) == "v13"
