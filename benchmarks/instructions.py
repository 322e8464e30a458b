"""Instruction models: SFT with LoRA and GRPO, offline, against the base model and the classifiers.

    make bench-instructions DATA=folder

Two tasks. *ag_news*: topic alone, of ag_news_small.parquet (its splits train, dev, test). *sample*:
topic and entities by the sample desk's own labels, four fifths to train, a twentieth to validate
and three as test, by the hash of the id. CPU seconds are of the process with all its threads: of
making the offline base model and SFT together, and of GRPO by itself; answering the test is not
among them.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from benchmarks.models import find
from benchmarks.results import FOLDER, about, save, say
from corpus.articles import Article, ReviewedArticle, Span, Split, content_id, model_input
from corpus.errors import DeskError
from corpus.instruct.answers import Answer, Questions, answer_labels, mentions, to_json
from corpus.instruct.pairs import Pair, pair, reviewed_pairs
from corpus.settings.instructions import GrpoSettings, InstructionModelSettings
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from corpus.splits import unit_hash
from flows.answers import answer_row, answer_row_counts, score_answer_rows
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.entities.predict import load_entity_model, predict_entities
from training.entities.train import train_entities
from training.evaluation.paired import compare
from training.examples import entity_examples, topic_examples
from training.instruct.adapter import load_adapter
from training.instruct.ask import ask
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.grpo import Start, train_with_rewards
from training.instruct.train import train_instructions

NAME = "instructions"
TOPICS = ("World", "Sports", "Business", "Sci/Tech")
TYPES = ("person", "organization", "location", "event")
SAMPLE = Path("sample/news.jsonl")
TEST, HELD = 500, 100
SETTINGS = {
    "ag_news": InstructionModelSettings(batch_size=16, max_steps=140, max_new_tokens=32),
    "sample": InstructionModelSettings(),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write bench-results/instructions.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--tasks", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--threads", type=int, help="of torch; its own choice if left out")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    begun = about() | {"threads": torch.get_num_threads()}
    for seed in options.seeds:
        for task in options.tasks:
            reviewed = sample() if task == "sample" else []
            pairs = sample_pairs(reviewed) if task == "sample" else ag_news(options.data)
            one = measure(task, pairs, seed) | {"task": task, "seed": seed}
            if task == "sample":
                one["classifiers"] = classifiers(reviewed, pairs, seed)
            save(NAME, begun, {"runs": [*others(task, seed), one]})


def ag_news(folder: Path) -> list[Pair]:
    """Topic pairs in the corpus' own splits; some to validate and to test."""
    rows = pq.read_table(find(folder, "ag_news_small.parquet")).to_pylist()
    names: dict[str, Split] = {"train": "train", "dev": "validation", "test": "test"}
    questions = Questions(TOPICS)
    found = [
        pair(r["id"], r["text"], Answer(r["topic"], None), names[r["split"]], questions)
        for r in rows
    ]
    # The file has one topic after the other.
    random.Random(0).shuffle(found)
    return [
        *(p for p in found if p.split == "train"),
        *[p for p in found if p.split == "validation"][:HELD],
        *[p for p in found if p.split == "test"][:TEST],
    ]


def sample() -> list[ReviewedArticle]:
    """The sample desk's articles as if reviewed without a mistake."""
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    found = []
    for row in rows:
        spans = tuple(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
        key = content_id(row["text"], row["title"])
        article = Article(key, row["text"], row["title"])
        at = unit_hash(key)
        split: Split = "test" if at < 0.15 else "validation" if at < 0.2 else "train"
        found.append(
            ReviewedArticle(article, row["topic"], spans, "all agree", 1, 1.0, True, split)
        )
    return found


def sample_pairs(reviewed: Sequence[ReviewedArticle]) -> list[Pair]:
    """Topic and entities."""
    return reviewed_pairs(reviewed, Questions(TOPICS, TYPES))


def measure(task: str, pairs: Sequence[Pair], seed: int) -> dict[str, Any]:
    """SFT, then GRPO from there; both and the base model on the same test."""
    settings, questions = SETTINGS[task], pairs[0].questions
    test = [p for p in pairs if p.split == "test"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.process_time()
        train = [p for p in pairs if p.split == "train"]
        make_decoder(lambda: train, seed, folder / "base")
        base = load_base(str(folder / "base"), "offline")
        trained = train_instructions(pairs, base, settings, seed, folder / "sft", shown("sft"))
        sft_seconds = time.process_time() - started
        rows = {"base": answers(None, folder, test, settings)}
        rows["sft"] = answers("sft", folder, test, settings)
        started = time.process_time()
        tuned = train_with_rewards(
            pairs, load_base(str(folder / "base"), "offline"),
            Start(folder / "sft", trained.settings), with_grpo(settings), seed, folder / "grpo",
            shown("grpo"),
        )  # fmt: skip
        grpo_seconds = time.process_time() - started
        rows["grpo"] = answers("grpo", folder, test, settings)
    scores = {name: score_answer_rows(of, questions, seed) for name, of in rows.items()}
    labels = answer_labels(questions)
    old, new = (answer_row_counts(rows[name], labels) for name in ("sft", "grpo"))
    found = {
        "examples": trained.examples, "test": len(test), "majority": majority(test),
        "sft_cpu_seconds": sft_seconds, "grpo_cpu_seconds": grpo_seconds,
        "steps": settings.max_steps, "batch": settings.batch_size, "scores": scores,
        "grpo_difference": asdict(compare(old, new, labels, seed).overall.difference),
        "sft_curve": trained.diagnosis, "grpo_curve": tuned.diagnosis,
    }  # fmt: skip
    say(f"{task}, seed {seed}: {json.dumps(found, default=str)[:2000]}")
    return found


def answers(
    adapter: str | None, folder: Path, test: Sequence[Pair], settings: InstructionModelSettings
) -> list[dict[str, Any]]:
    """Of a base model that was loaded anew, so that no adapter is left on it."""
    base: Base = load_base(str(folder / "base"), "offline")
    model = base.model if adapter is None else load_adapter(folder / adapter, base)
    found = ask(model, base, test, settings, shown(f"answers of {adapter or 'base'}"))
    return [answer_row(p, *said) for p, said in zip(test, found, strict=True)]


def classifiers(
    reviewed: Sequence[ReviewedArticle], pairs: Sequence[Pair], seed: int
) -> dict[str, Any]:
    """Topic and entity model with a desk's defaults, on the same splits."""
    test = [p for p in pairs if p.split == "test"]
    known = {r.article.id: r.article for r in reviewed}
    articles = [known[p.id] for p in test]
    with tempfile.TemporaryDirectory() as name:
        started = time.process_time()
        topics = train_topics(
            topic_examples(reviewed), list(TOPICS), TopicModelSettings(), "offline", seed,
            Path(name) / "topics",
        )  # fmt: skip
        entities = train_entities(
            entity_examples(reviewed), TYPES, EntityModelSettings(), "offline", seed,
            Path(name) / "entities",
        )  # fmt: skip
        seconds = time.process_time() - started
        said = predict_topics(
            load_topic_model(str(topics.folder)), [model_input(a) for a in articles]
        )
        spans = predict_entities(
            load_entity_model(str(entities.folder)), [a.text for a in articles]
        )
    rows = []
    for chat, article, topic, found in zip(test, articles, said, spans, strict=True):
        answer = Answer(topic.topic, mentions(article.text, [s.span() for s in found]))
        rows.append(answer_row(chat, to_json(answer)))
    scores = score_answer_rows(rows, test[0].questions, seed)
    return {"cpu_seconds": seconds, "scores": scores}


def majority(test: Sequence[Pair]) -> float:
    """Share of the most frequent topic."""
    counts = Counter(p.answer.topic for p in test)
    return max(counts.values()) / len(test)


def with_grpo(settings: InstructionModelSettings) -> InstructionModelSettings:
    """The same with the switch on."""
    return settings.model_copy(update={"grpo": GrpoSettings(enabled=True)})


def shown(what: str) -> Any:
    """A line for every tenth of the work."""

    def report(done: int, total: int) -> None:
        if total and (done == total or done % max(1, total // 10) == 0):
            say(f"{what}: {done} of {total}")

    return report


def others(task: str, seed: int) -> list[dict[str, Any]]:
    """What the results file has of other tasks and seeds."""
    file = FOLDER / f"{NAME}.json"
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return [r for r in content.get("runs", []) if (r["task"], r["seed"]) != (task, seed)]


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
