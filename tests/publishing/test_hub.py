"""The only writes to the Hub, against the embedded one."""

import json
import uuid
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from publishing.hub import Published, head_revision, plan_publish, publish_folder
from publishing.manifest import file_hashes
from publishing.plan import Complete, Plan, plan_differences, plan_summary
from publishing.remote import Previous, Target, next_tag, tag_of
from publishing.retries import Patience
from tests.publishing.manifests import manifest_json
from tests.running import HubService

pytestmark = pytest.mark.services
AT_ONCE = Patience(pauses=())


@pytest.fixture
def api(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture
def repo_id() -> str:
    return f"copydesk/publish-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.parquet").write_bytes(b"PAR1" * 1000)
    return tmp_path


def plan_lines(plan: Plan) -> list[str]:
    return [*plan_summary(plan), *plan_differences(plan)]


def texts(folder: Path, card: str) -> Complete:
    manifest = manifest_json(file_hashes(folder))
    return lambda _: {"manifest.json": manifest, "README.md": card}


def publish(
    api: HfApi, repo_id: str, folder: Path, card: str = "# One\n", private: bool = False
) -> Published:
    target = Target(repo_id, "dataset", private)
    return publish_folder(api, target, folder, texts(folder, card), "test", AT_ONCE)


def text_of(api: HfApi, repo_id: str, name: str) -> str:
    path = api.hf_hub_download(repo_id, name, repo_type="dataset")
    return Path(path).read_text(encoding="utf-8")


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
    (folder / "data/train.parquet").unlink()
    second = publish(api, repo_id, folder, "# Two\n")
    assert (second.changed, second.tag) == (True, "v2")
    assert len(commits(api, repo_id)) == len(before) + 1
    files = set(api.list_repo_files(repo_id, repo_type="dataset"))
    assert files - {".gitattributes"} == {"manifest.json", "README.md"}
    old = api.list_repo_files(repo_id, repo_type="dataset", revision="v1")
    assert "data/train.parquet" in old
    assert text_of(api, repo_id, "README.md") == "# Two\n"


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
    with pytest.raises(DeskError, match=r"did not publish: train\.csv"):
        publish(api, repo_id, folder)
    assert commits(api, repo_id) == before


@pytest.mark.parametrize(
    "manifest",
    ['{"name": "an app"}', "no JSON", "[1]", '{"files": 3}', '{"files": {"train.csv": "00"}}'],
)
def test_a_manifest_of_somebody_else_makes_a_repository_not_ours(
    api: HfApi, repo_id: str, folder: Path, manifest: str
) -> None:
    api.create_repo(repo_id, repo_type="dataset")
    api.upload_file(
        path_or_fileobj=manifest.encode(),
        path_in_repo="manifest.json",
        repo_id=repo_id,
        repo_type="dataset",
    )
    with pytest.raises(DeskError, match=r"did not publish: manifest\.json"):
        publish(api, repo_id, folder)
    assert text_of(api, repo_id, "manifest.json") == manifest
    assert api.list_repo_refs(repo_id, repo_type="dataset").tags == []


def test_a_desk_that_asks_for_privacy_gets_it(api: HfApi, repo_id: str, folder: Path) -> None:
    publish(api, repo_id, folder)
    assert not api.repo_info(repo_id, repo_type="dataset").private
    publish(api, repo_id, folder, private=True)
    assert api.repo_info(repo_id, repo_type="dataset").private
    # Somebody may have hidden it on the Hub: not asking for privacy shows nothing.
    publish(api, repo_id, folder, private=False)
    assert api.repo_info(repo_id, repo_type="dataset").private


def test_a_dry_run_shows_what_a_publish_then_does(api: HfApi, repo_id: str, folder: Path) -> None:
    target = Target(repo_id, "dataset")
    new = plan_publish(api, target, folder, texts(folder, "# One\n"))
    assert not api.repo_exists(repo_id, repo_type="dataset")
    assert [(c.kind, c.path) for c in new.changes] == [
        ("add", "data/train.parquet"), ("add", "manifest.json"), ("add", "README.md"),
    ]  # fmt: skip
    assert "dataset" in plan_lines(new)[0]
    first = publish(api, repo_id, folder)
    unchanged = plan_publish(api, target, folder, texts(folder, "# One\n"))
    assert (unchanged.changes, unchanged.head, unchanged.tag) == ((), first.revision, "v1")
    assert plan_lines(unchanged) == [
        f"dataset {repo_id} at {first.revision[:8]}: unchanged, no commit"
    ]
    (folder / "data/train.parquet").rename(folder / "data/test.parquet")
    changed = plan_publish(api, target, folder, texts(folder, "# Two\n"))
    kinds = {change.path: change.kind for change in changed.changes}
    assert kinds == {
        "data/test.parquet": "add", "manifest.json": "update", "README.md": "update",
        "data/train.parquet": "delete",
    }  # fmt: skip
    lines = plan_lines(changed)
    assert {"-# One", "+# Two"} <= set(lines)
    assert any("data/test.parquet  4,000 bytes" in line for line in lines)
    assert commits(api, repo_id)[0] == first.revision


def test_a_dry_run_says_what_it_hides_and_steers_no_terminal(
    api: HfApi, repo_id: str, folder: Path
) -> None:
    publish(api, repo_id, folder, "# One\n\x1b[2J\x1b]0;owned\x07\n")
    hidden = Target(repo_id, "dataset", private=True)
    plan = plan_publish(api, hidden, folder, texts(folder, "# Two\n"))
    assert plan.hides
    lines = plan_lines(plan)
    assert lines[0].endswith("becomes private")
    assert any("owned" in line for line in lines)
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert not api.repo_info(repo_id, repo_type="dataset").private
    publish(api, repo_id, folder, private=True)
    assert not plan_publish(api, hidden, folder, texts(folder, "# One\n")).hides


def test_texts_are_made_again_from_what_somebody_committed_meanwhile(
    api: HfApi, repo_id: str, folder: Path
) -> None:
    publish(api, repo_id, folder)
    seen: list[Previous] = []

    def complete(previous: Previous) -> dict[str, str]:
        seen.append(previous)
        if len(seen) == 1:
            api.upload_file(
                path_or_fileobj=b"# Theirs\n",
                path_in_repo="README.md",
                repo_id=repo_id,
                repo_type="dataset",
            )
        manifest = manifest_json(file_hashes(folder))
        return {"manifest.json": manifest, "README.md": f"# Ours\n{previous.card}"}

    done = publish_folder(api, Target(repo_id, "dataset"), folder, complete, "test", AT_ONCE)
    assert done.changed
    assert [previous.card for previous in seen] == ["# One\n", "# Theirs\n"]
    assert (seen[1].tag, seen[1].head) != (None, seen[0].head)
    assert text_of(api, repo_id, "README.md") == "# Ours\n# Theirs\n"


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
    with pytest.raises(DeskError, match="refused a/b/c"):
        publish(HfApi(endpoint=hub_service.endpoint, token=hub_service.token), "a/b/c", folder)
    behind = HfApi(endpoint="http://user:pass-word@127.0.0.1:9", token="x")
    with pytest.raises(DeskError, match=r"http://127\.0\.0\.1:9 does not answer") as error:
        publish(behind, repo_id, folder)
    assert "pass-word" not in str(error.value)


def test_a_file_of_this_machine_is_not_the_hubs_fault(
    api: HfApi, repo_id: str, folder: Path
) -> None:
    def complete(_: Previous) -> dict[str, str]:
        (folder / "data/train.parquet").unlink()
        return {"manifest.json": manifest_json({}), "README.md": "# One\n"}

    with pytest.raises(DeskError, match=r"file of this machine: No such file.*train\.parquet"):
        publish_folder(api, Target(repo_id, "dataset"), folder, complete, "test", AT_ONCE)


def test_tags_count_upwards() -> None:
    assert next_tag({}) == "v1"
    assert next_tag({"v1": "a", "v12": "b", "release": "c"}) == "v13"
    tags = {"v999999999": "a"}
    for _ in range(3):
        tags[next_tag(tags)] = "b"
    assert list(tags)[1:] == ["v1000000000", "v1000000001", "v1000000002"]
    assert tag_of(tags, "b") == "v1000000002"


def test_commits_of_others_make_no_version(api: HfApi, repo_id: str, folder: Path) -> None:
    first = publish(api, repo_id, folder)
    for name in ("LICENSE", "NOTE"):
        api.upload_file(
            path_in_repo=name, repo_id=repo_id, repo_type="dataset", path_or_fileobj=b"theirs"
        )
        again = publish(api, repo_id, folder)
        assert (again.changed, again.tag, again.revision) == (False, "v1", first.revision)
    # What looks like a version and is none.
    oldest = commits(api, repo_id)[-1]
    for tag in ("v007", "v9"):
        api.create_tag(repo_id, tag=tag, repo_type="dataset", revision=oldest)
    assert publish(api, repo_id, folder).tag == "v1"
    second = publish(api, repo_id, folder, "# Two\n")
    assert (second.changed, second.tag) == (True, "v10")
    assert {"LICENSE", "NOTE"} <= set(api.list_repo_files(repo_id, repo_type="dataset"))


def test_a_card_that_is_not_utf8_is_named(api: HfApi, repo_id: str, folder: Path) -> None:
    publish(api, repo_id, folder)
    card = {"path": "README.md", "encoding": "base64", "content": "IyBL9mxuCg=="}
    # By hand, as git would: the client itself refuses to send such a card.
    lines = [{"key": "header", "value": {"summary": "x"}}, {"key": "file", "value": card}]
    sent = httpx.post(
        f"{api.endpoint}/api/datasets/{repo_id}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"Authorization": f"Bearer {api.token}", "Content-Type": "application/x-ndjson"},
    )
    sent.raise_for_status()
    with pytest.raises(DeskError, match=r"README\.md of .* is not UTF-8"):
        publish(api, repo_id, folder)


def test_a_mistake_in_our_code_is_not_the_hubs(api: HfApi, repo_id: str, folder: Path) -> None:
    def complete(previous: Previous) -> dict[str, str]:
        raise RecursionError("ours")

    with pytest.raises(RecursionError, match="ours"):
        publish_folder(api, Target(repo_id, "dataset"), folder, complete, "test", AT_ONCE)
