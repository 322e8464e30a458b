"""What a Hub denies, leaves out or never says: not taken for missing, and in no log."""

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from publishing.hub import head_revision, publish_folder
from publishing.manifest import file_hashes
from publishing.remote import Previous, Target, read_previous
from publishing.retries import Patience
from publishing.signed_addresses import hide_signed_addresses
from tests.publishing.fault_proxy import Answer, Fault, FaultProxy
from tests.publishing.faults import REPOSITORY
from tests.publishing.manifests import manifest_json
from tests.publishing.versions import QUICK, client, send, write_version

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", REPOSITORY, Answer(404, {"X-Error-Code": "RepoNotFound"}), times=2),
        Fault("HEAD", r"README\.md", Answer(404, {"X-Error-Code": "EntryNotFound"}), times=2),
        Fault("GET", r"resolve/.*README\.md", Answer(200), times=2),
        Fault("HEAD", r"manifest", Answer(404, {"X-Error-Code": "EntryNotFound"}), times=99),
    ],
    ids=["repository", "card", "card, cut short", "manifest, always"],
)
def test_what_a_hub_denies_for_a_while_is_never_taken_for_missing(
    proxy: FaultProxy, published: str, tmp_path: Path, fault: Fault
) -> None:
    write_version(tmp_path, "two")
    seen: list[Previous] = []

    def complete(previous: Previous) -> Mapping[str, str]:
        seen.append(previous)
        return {"manifest.json": manifest_json(file_hashes(tmp_path)), "README.md": "# Two\n"}

    proxy.faults.append(fault)
    target, patience = Target(published, "dataset"), Patience(pauses=QUICK)
    arguments = (client(proxy.endpoint), target, tmp_path, complete, "two", patience)
    if fault.times > len(QUICK):
        with pytest.raises(DeskError, match=r"does not show what it holds"):
            publish_folder(*arguments)
        assert seen == []
        return
    publish_folder(*arguments)
    assert [(p.tag, p.card, p.manifest is None) for p in seen] == [("v1", "# Version one\n", False)]


def test_a_hub_that_lags_is_asked_again_before_a_model_counts_as_the_first(
    proxy: FaultProxy, published: str
) -> None:
    missing = Answer(404, {"X-Error-Code": "RepoNotFound"})
    target, api = Target(published, "dataset"), client(proxy.endpoint)
    for times, is_there in ((1, True), (2, False)):
        proxy.faults.append(Fault("GET", REPOSITORY, missing, times=times))
        assert (read_previous(api, target).tag == "v1") is is_there
        proxy.faults.append(Fault("GET", REPOSITORY, missing, times=times))
        assert bool(head_revision(api, published, "dataset")) is is_there


def test_a_hub_that_names_no_address_is_published_to(
    proxy: FaultProxy, published: str, tmp_path: Path
) -> None:
    proxy.faults.append(Fault("POST", "/repos/create", Answer(409)))
    assert send(client(proxy.endpoint), published, tmp_path, "two").tag == "v2"


def test_broken_json_of_ours_is_no_lost_answer(api: HfApi, published: str, tmp_path: Path) -> None:
    asked: list[Previous] = []

    def complete(previous: Previous) -> Mapping[str, str]:
        asked.append(previous)
        return {"README.md": json.loads("{")}

    with pytest.raises(json.JSONDecodeError):
        publish_folder(api, Target(published, "dataset"), tmp_path, complete, "x", Patience(QUICK))
    assert len(asked) == 1


def test_logs_name_no_signed_address(proxy: FaultProxy, published: str, tmp_path: Path) -> None:
    hide_signed_addresses()
    written = io.StringIO()
    handler, client_log = logging.StreamHandler(written), logging.getLogger("huggingface_hub")
    client_log.addHandler(handler)
    try:
        proxy.faults.append(Fault("PUT", "/lfs-objects/", Answer(500), times=2))
        send(client(proxy.endpoint), published, tmp_path, "two")
    finally:
        client_log.removeHandler(handler)
    assert "/lfs-objects/" in written.getvalue()
    assert "signature" not in written.getvalue()
