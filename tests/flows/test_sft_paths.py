"""train_sft on a base of a Hub, for desks of one question, with corrections, in two processes.

The ledger is written as a pull leaves it; base, adapters and data sets stand on the embedded Hub.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from huggingface_hub import HfApi, ModelCard

from corpus.articles import Article, Response
from corpus.desk import read_desk
from corpus.instruct.opinions import (
    Generation,
    Opinion,
    answers_ledger,
    append_generations,
    append_opinions,
)
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger, resolve_ledger
from corpus.sources.read import read_articles
from embedded.ports import free_port
from flows.model_store import UNFINISHED
from flows.train_sft import SftReport, TrainSft, train_sft
from publishing.manifest import from_json
from tests.running import HubService, Services, run_plain_client
from tests.training.instruct.tiny import save_tiny

pytestmark = pytest.mark.services
BASE = "copydesk/tiny-chat"
ARTICLES = 16
TOPICS: dict[str, Any] = {
    "source.columns": {"text": "text", "title": "title", "topic": "topic"},
    "labels.entities": {},
    "publish.entity_model": None,
}
ENTITIES: dict[str, Any] = {
    "source.columns": {"text": "text", "title": "title", "spans": "spans"},
    "labels.topics": {},
    "publish.topic_model": None,
}


@dataclass(frozen=True)
class Ran:
    """What a run said, and what it left on the Hub."""

    report: SftReport
    manifest: Any
    card: ModelCard


@pytest.fixture(scope="module")
def hub(hub_service: HubService) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture(scope="module")
def base(hub: HfApi, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small decoder as anybody pushes one."""
    folder = tmp_path_factory.mktemp("tiny-chat")
    save_tiny(folder)
    file = folder / "config.json"
    # Articles of the sample are longer than the tiny ones.
    file.write_text(json.dumps(json.loads(file.read_text()) | {"max_position_embeddings": 4096}))
    hub.create_repo(BASE)
    hub.upload_folder(repo_id=BASE, folder_path=folder)
    return BASE


def knobs(name: str, **changes: Any) -> dict[str, Any]:
    settings = {"max_steps": 2, "batch_size": 2, "evaluations": 1, "max_new_tokens": 16}
    return {
        "name": name,
        "source.path": "sample/news.jsonl",
        "source.limit": ARTICLES,
        "review.min_submitted": 1,
        "review.blind_share": 0.25,
        "splits.validation": 0.2,
        "models.instructions.base": BASE,
        **{f"models.instructions.{key}": value for key, value in settings.items()},
        "publish.dataset": f"copydesk/{name}",
        "publish.topic_model": f"copydesk/{name}-topics",
        "publish.entity_model": f"copydesk/{name}-entities",
        "publish.instruction_model": f"copydesk/{name}-sft",
        **changes,
    }


def pulled(overrides: dict[str, Any]) -> list[Article]:
    """One annotator found what the source says; every fourth article was shown blind."""
    desk = read_desk("desk.yaml", overrides)
    articles = read_articles(desk.source, desk.labels).articles[:ARTICLES]
    ledger, at = open_ledger(desk), datetime(2031, 5, 1, tzinfo=UTC)
    ledger.append_guidelines("0a", "Say what is there.")
    ledger.append_articles(articles)
    ledger.append_entries(
        [
            LedgerEntry(Response(a.id, "x", "submitted", a.topic, a.spans, at), "0a", n % 4 == 0)
            for n, a in enumerate(articles)
        ]
    )
    splits = {r.article.id: r.split for r in resolve_ledger(desk, ledger).gold.reviewed}
    ledger.append_splits(splits)
    return [a for a in articles if splits[a.id] == "train"]


def run(hub: HfApi, overrides: dict[str, Any]) -> Ran:
    report = train_sft(TrainSft(overrides=overrides, force_model=True))
    repo_id = overrides["publish.instruction_model"]
    text = Path(hub.hf_hub_download(repo_id, "manifest.json")).read_text(encoding="utf-8")
    card = ModelCard.load(hub.hf_hub_download(repo_id, "README.md"))
    return Ran(report, from_json(text), card)


@pytest.fixture(scope="module")
def topics(base: str, hub: HfApi, services: Services) -> Ran:
    overrides = knobs("only-topics", **TOPICS)
    pulled(overrides)
    return run(hub, overrides)


@pytest.fixture(scope="module")
def entities(base: str, hub: HfApi, services: Services) -> Ran:
    overrides = knobs("only-entities", **ENTITIES)
    pulled(overrides)
    return run(hub, overrides)


def test_an_adapter_on_a_base_of_the_hub(topics: Ran, hub: HfApi) -> None:
    # No repository for the base: others have published it.
    assert [i.repo_id for i in topics.report.items] == ["copydesk/only-topics", topics_repo()]
    config = Path(hub.hf_hub_download(topics_repo(), "adapter_config.json")).read_text()
    assert json.loads(config)["base_model_name_or_path"] == BASE
    assert topics.card.data.base_model == BASE
    assert topics.manifest.lineage.base_model == BASE
    assert f"[{BASE}](/{BASE})" in topics.card.text


def topics_repo() -> str:
    return "copydesk/only-topics-sft"


def test_plain_peft_loads_it_onto_that_base(
    topics: Ran, services: Services, tmp_path: Path
) -> None:
    code = (
        "import json\n"
        "from peft import PeftConfig, PeftModel\n"
        "from transformers import AutoModelForCausalLM\n"
        f"name = PeftConfig.from_pretrained({topics_repo()!r}).base_model_name_or_path\n"
        "base = AutoModelForCausalLM.from_pretrained(name)\n"
        f"model = PeftModel.from_pretrained(base, {topics_repo()!r})\n"
        "moved = sum(float(p.abs().sum()) for n, p in model.named_parameters() if 'lora_B' in n)\n"
        "print(json.dumps([name, moved > 0]))\n"
    )
    assert topics.report.items
    assert run_plain_client(services, code, tmp_path) == [BASE, True]


def test_a_desk_of_topics_says_nothing_of_entities(topics: Ran) -> None:
    scores, text = topics.manifest.scores, topics.card.text
    assert "topic_accuracy" in scores
    assert {"entity_f1", "hallucinated", "named_nothing"}.isdisjoint(scores)
    assert set(scores["labels"]) <= set(topics.manifest.labels)
    assert all(label.startswith("topic: ") for label in topics.manifest.labels)
    assert "| Topic accuracy |" in text
    assert "entit" not in text.lower()


def test_a_desk_of_entities_says_nothing_of_topics(entities: Ran) -> None:
    scores, text = entities.manifest.scores, entities.card.text
    assert "entity_f1" in scores
    assert "topic_accuracy" not in scores
    assert all(label.startswith("entity: ") for label in entities.manifest.labels)
    assert "| Entity F1 (text and type) |" in text
    assert "topic" not in text.lower()
    # Spans are of the body: the model was never shown a title.
    assert "title" not in text.partition("## Scores")[0]


def correct(overrides: dict[str, Any], articles: Sequence[Article]) -> None:
    """People corrected what an earlier model answered to articles that nobody reviewed."""
    ledger = open_ledger(read_desk("desk.yaml", overrides))
    answers, at = answers_ledger(ledger), datetime(2031, 5, 2, tzinfo=UTC)
    made = [Generation(a.id, "m", 0, '{"topic": "World"}') for a in articles]
    answers.append_articles(articles)
    append_generations(answers, made)
    given = '{"topic": "Sports"}'
    append_opinions(answers, [Opinion(g.id, "x", "submitted", 1, given, at) for g in made])
    ledger.append_splits({a.id: "train" for a in articles})


def test_corrections_teach_and_are_not_in_the_data_set(topics: Ran, hub: HfApi) -> None:
    """Decision 20: the data set holds what the desk's own questions were answered."""
    overrides = knobs("only-topics", **TOPICS)
    said = "The rowing club of Oldcastle won by a length on Sunday."
    corrected = Article("corrected", said)
    correct(overrides, [corrected])
    after = run(hub, overrides)
    before = topics.manifest.training
    assert (before.settings["chats_corrected"], before.examples) == (0, examples(topics))
    assert after.manifest.training.settings["chats_corrected"] == 1
    assert after.manifest.training.examples == before.examples + 1
    data = after.report.items[0]
    assert not data.changed
    files = hub.snapshot_download(
        data.repo_id, repo_type="dataset", revision=data.revision, allow_patterns="sft/*"
    )
    rows = pd.concat(map(pd.read_parquet, Path(files).rglob("*.parquet")))
    texts = [said["content"] for chat in rows.messages for said in chat if said["role"] == "user"]
    assert len(texts) == ARTICLES
    assert [text for text in texts if "Oldcastle" in text] == []
    assert "(1 of them not: people corrected what an earlier model answered" in after.card.text
    assert "earlier model" not in topics.card.text


def examples(ran: Ran) -> int:
    return int(ran.manifest.training.examples)


@pytest.mark.long
def test_two_processes_train_and_one_publishes(topics: Ran, hub: HfApi, services: Services) -> None:
    overrides = knobs("only-topics", **TOPICS, **{"models.seed": 5})
    before = hub.model_info(topics_repo()).sha
    given = [w for k, v in overrides.items() for w in ("--set", f"{k}={json.dumps(v)}")]
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--main_process_port", str(free_port()), "-m", "copydesk"]
    done = subprocess.run(
        [sys.executable, *launch, "train", "sft", "--force-model", *given],
        env=os.environ | {"GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    # Said once, and trained once: the model is found again.
    assert done.stdout.count(f"Model    {hub.endpoint}/{topics_repo()}\n") == 1
    commits = [commit.commit_id for commit in hub.list_repo_commits(topics_repo())]
    assert commits.index(before) == 1
    again = train_sft(TrainSft(overrides=overrides, publish=False))
    assert again.stored.reused
    assert list(again.stored.folder.parent.glob(f"*{UNFINISHED}")) == []
