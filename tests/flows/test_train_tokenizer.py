"""train_tokenizer end to end: a ledger → a tokenizer → the Hub → a fresh process loads it."""

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, ModelCard

from corpus.articles import Article, Response, Split
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from flows import desk_tokenizer
from flows.desk_tokenizer import tokenizer_folder
from flows.train_tokenizer import TokenizerRun, TrainTokenizer, train_tokenizer
from publishing.manifest import TokenizerManifest, from_json
from tests.flows.chain import settings
from tests.running import HubService, Services
from tests.warm_command import WarmCommand

pytestmark = pytest.mark.services
REPO = "copydesk/words-test-tokenizer"
NOW = datetime(2031, 5, 1, tzinfo=UTC)
SOURCES = ("wire.csv", "blog.csv")
# A word that only articles of the test split have, often enough to become a token.
SECRET = "Xylophanta"


def text(number: int, split: Split) -> str:
    word = SECRET if split == "test" else "Zhirvan"
    return " ".join([f"{word} Quillon beats Harrowgate {number} to {number % 7}."] * 3)


def split_of(number: int) -> Split:
    return "test" if number % 5 == 4 else "validation" if number % 5 == 3 else "train"


@pytest.fixture(scope="module")
def knobs(services: Services, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A desk whose state holds 100 articles of two sources, all of them answered."""
    state = tmp_path_factory.mktemp("state")
    ledger = Ledger(str(state), "words-test")
    add(ledger, range(100))
    return {
        "name": "words-test",
        "state": str(state),
        "publish.dataset": "copydesk/words-test",
        "publish.tokenizer": REPO,
        "models.tokenizer.vocabulary": 400,
    }


def add(ledger: Ledger, numbers: Iterable[int]) -> None:
    found = {
        f"{n:016x}": Article(
            f"{n:016x}", text(n, split_of(n)), title=f"Match {n}", source=SOURCES[n % 2]
        )
        for n in numbers
    }
    answers = [Response(i, "annotator-aa", "submitted", "Sports", (), NOW) for i in found]
    ledger.append_articles(found.values())
    ledger.append_entries([LedgerEntry(answer, "0a", blind=False) for answer in answers])
    ledger.append_splits({i: split_of(int(i, 16)) for i in found})


@pytest.fixture(scope="module")
def hub(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture(scope="module")
def first(knobs: dict[str, Any]) -> TokenizerRun:
    return train_tokenizer(TrainTokenizer(overrides=knobs))


@pytest.fixture(scope="module")
def manifest(first: TokenizerRun, hub: HfApi) -> TokenizerManifest:
    assert first.item
    file = hub.hf_hub_download(REPO, "manifest.json", revision=first.item.tag)
    found = from_json(Path(file).read_text(encoding="utf-8"))
    assert isinstance(found, TokenizerManifest)
    return found


def test_one_commit_with_everything_and_a_tag(
    first: TokenizerRun, hub: HfApi, manifest: TokenizerManifest
) -> None:
    assert first.item
    assert (first.item.repo_id, first.item.tag, first.item.changed) == (REPO, "v1", True)
    files = set(hub.list_repo_files(REPO, revision="v1"))
    made = {"tokenizer.json", "tokenizer_config.json", "tokenizer_report.json", "tokenizer.png"}
    assert files - {".gitattributes"} == made | {"README.md", "manifest.json"}
    assert set(manifest.files) == made
    # Of 100 articles 20 are test, 20 validation.
    assert (manifest.articles, manifest.compared.texts) == (60, 20)
    assert set(manifest.sources) == set(SOURCES)
    assert sum(part.words for part in manifest.sources.values()) == manifest.compared.words
    assert manifest.compared.new.tokens < manifest.compared.old.tokens
    assert manifest.dataset is None


def test_no_word_of_the_test_is_learned(first: TokenizerRun) -> None:
    words = json.loads((first.stored.folder / "tokenizer.json").read_text())["model"]["vocab"]
    assert "zhirvan" in words
    assert SECRET.lower() not in words


def test_the_example_of_the_card_loads_it_in_a_fresh_process(
    first: TokenizerRun, hub: HfApi, services: Services, tmp_path: Path
) -> None:
    card = ModelCard.load(hub.hf_hub_download(REPO, "README.md", revision="v1"))
    (code,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(tokenizer.tokenize('Zhirvan beats Quillon'))"],
        env={**services.environment, "PATH": "/usr/bin:/bin", "HF_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{first.stored.report.vocabulary} [")
    assert done.stdout.endswith("['zhirvan', 'beats', 'quillon']\n")


def test_the_hub_accepts_the_card_and_shows_its_picture(
    first: TokenizerRun, hub: HfApi, hub_service: HubService
) -> None:
    assert first.item
    content = Path(hub.hf_hub_download(REPO, "README.md")).read_text(encoding="utf-8")
    answer = httpx.post(
        f"{hub_service.endpoint}/api/validate-yaml",
        json={"content": content, "repoType": "model"},
    )
    assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})
    assert "![Tokens a word" in content
    picture = httpx.get(f"{first.item.url}/resolve/v1/tokenizer.png", follow_redirects=True)
    assert picture.content == (first.stored.folder / "tokenizer.png").read_bytes()
    # What stands beside the card opens it, too: a pipeline would want a model.
    page = html.unescape(httpx.get(first.item.url).text)
    beside = f'AutoTokenizer.from_pretrained(\n    "{REPO}",\n    revision="v1",\n)'
    assert beside in page
    assert "pipeline" not in page


def test_a_second_run_changes_nothing(first: TokenizerRun, knobs: dict[str, Any]) -> None:
    again = train_tokenizer(TrainTokenizer(overrides=knobs))
    assert again.stored.reused
    assert again.item and first.item
    assert (again.item.changed, again.item.revision) == (False, first.item.revision)


def test_another_machine_takes_what_is_published(
    first: TokenizerRun, knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained anew, equally frequent pieces might get other numbers."""
    before = (first.stored.folder / "tokenizer.json").read_bytes()
    shutil.rmtree(first.stored.folder)
    monkeypatch.setattr(desk_tokenizer, "train_into_store", None)
    again = train_tokenizer(TrainTokenizer(overrides=knobs))
    assert (first.stored.folder / "tokenizer.json").read_bytes() == before
    assert again.item and not again.item.changed
    # Also where this machine trained its own meanwhile.
    (first.stored.folder / "tokenizer.json").write_text("{}")
    train_tokenizer(TrainTokenizer(overrides=knobs))
    assert (first.stored.folder / "tokenizer.json").read_bytes() == before


def test_other_settings_are_another_tokenizer_that_may_stay_here(
    first: TokenizerRun, knobs: dict[str, Any], hub: HfApi
) -> None:
    assert first.item
    other = knobs | {"models.tokenizer.base": "bytes"}
    kept = train_tokenizer(TrainTokenizer(overrides=other, publish=False))
    assert kept.item is None
    assert kept.stored.key != first.stored.key
    assert kept.stored.report.algorithm == "BPE"
    assert hub.model_info(REPO).sha == first.item.revision


def test_unpublished_it_asks_no_hub(
    first: TokenizerRun, knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a tokenizer that is not here yet, nor to replace the one that is."""
    file = first.stored.folder / "tokenizer.json"
    published = file.read_bytes()
    file.write_bytes(published + b"\n")
    # Nobody answers there.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    kept = train_tokenizer(TrainTokenizer(overrides=knobs, publish=False))
    assert (kept.item, kept.stored.reused) == (None, True)
    assert file.read_bytes() == published + b"\n"
    other = knobs | {"models.tokenizer.vocabulary": 380}
    assert not train_tokenizer(TrainTokenizer(overrides=other, publish=False)).stored.reused
    file.write_bytes(published)


def test_new_articles_are_a_new_version(
    first: TokenizerRun, knobs: dict[str, Any], hub: HfApi
) -> None:
    assert first.item
    add(Ledger(knobs["state"], "words-test"), range(100, 110))
    again = train_tokenizer(TrainTokenizer(overrides=knobs))
    assert again.item
    assert (again.item.tag, again.item.changed) == ("v2", True)
    assert again.stored.report.texts == 66
    assert hub.model_info(REPO, revision="v1").sha == first.item.revision


def test_what_is_missing_is_named(knobs: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="names no repository for a tokenizer") as error:
        train_tokenizer(TrainTokenizer(overrides=knobs | {"publish.tokenizer": None}))
    assert "publish.tokenizer" in error.value.next_step
    empty = knobs | {"state": str(tmp_path)}
    with pytest.raises(DeskError, match="no reviewed article in its train split") as error:
        train_tokenizer(TrainTokenizer(overrides=empty))
    assert "copydesk pull" in error.value.next_step


def test_the_command_says_what_it_did(
    first: TokenizerRun, knobs: dict[str, Any], warm: WarmCommand
) -> None:
    assert first.item
    done = warm("train", "tokenizer", *settings(knobs))
    assert done.returncode == 0, done.stderr
    assert "tokens a word" in done.stdout
    assert first.item.url in done.stdout
    kept = warm("train", "tokenizer", "--no-publish", *settings(knobs))
    assert kept.returncode == 0, kept.stderr
    assert "found from an earlier run" in kept.stdout
    assert "Not published, as asked for" in kept.stdout


def test_a_killed_training_leaves_nothing_that_counts(
    knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from corpus.desk import read_desk
    from training.tokenizer import make

    class KilledError(Exception):
        pass

    def killed(*_: Any) -> None:
        raise KilledError

    other = knobs | {"models.tokenizer.vocabulary": 350}
    monkeypatch.setattr(make, "draw_report", killed)
    with pytest.raises(KilledError):
        train_tokenizer(TrainTokenizer(overrides=other, publish=False))
    place = tokenizer_folder(read_desk("desk.yaml", other), "x").parent
    assert not [path for path in place.iterdir() if path.name.startswith(".")]
    monkeypatch.undo()
    done = train_tokenizer(TrainTokenizer(overrides=other, publish=False))
    assert not done.stored.reused
