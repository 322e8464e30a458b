"""Entity models: exact-span F1 and CPU seconds of ours, a CRF and a plain fine-tuning.

    make bench-entities DATA=folder     (.venv/bin/python -m benchmarks.entity_models --data folder)

The folder holds ner_news_small.parquet (text, spans, split). Each seed draws its own 1,000 training
sentences; all methods learn from the same ones, without validation, and are scored on the corpus'
test split. CPU seconds are those of training (of the process, all its threads), with reading the
encoder, without scoring. ``--methods`` measures some and keeps what the results file has of others.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from benchmarks.entity_models.reference import Predict, crf, plain
from benchmarks.models import find
from benchmarks.results import FOLDER, about, save, say
from corpus.articles import Span
from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings
from training.entities.plain import plain_entities
from training.entities.predict import load_entity_model, predict_entities
from training.entities.train import train_entities
from training.evaluation import micro_f1
from training.examples import EntityExample

NAME = "entity_models"
TYPES = ("person", "organization", "location", "event")
SENTENCES = 1000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences to draw from, and those that score."""

    train: list[EntityExample]
    test: list[EntityExample]

    def draw(self, seed: int) -> list[EntityExample]:
        """The training sentences of a seed."""
        return random.Random(seed).sample(self.train, SENTENCES)


@dataclass(frozen=True, slots=True)
class Measured:
    """One training: F1 on the test split; for ours also by the plain pipeline, and how alike."""

    method: str
    seed: int
    f1: float
    cpu_seconds: float
    pipeline_f1: float | None = None
    pipeline_same_spans: float | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write bench-results/entity_models.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, help="of torch; its own choice if left out")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    begun = about() | {"threads": torch.get_num_threads()}
    corpus = read(Path(find(options.data, "ner_news_small.parquet")))
    for seed in options.seeds:
        for method in options.methods:
            one = METHODS[method](corpus, seed)
            say(f"seed {seed}: {one}")
            runs = [*others(one, len(corpus.test)), asdict(one)]
            written = {"sentences": SENTENCES, "test": len(corpus.test), "runs": runs}
            save(NAME, begun, written)


def read(file: Path) -> Corpus:
    """The corpus file as examples."""
    splits: dict[str, list[EntityExample]] = {"train": [], "test": [], "dev": []}
    for row in pq.read_table(file).to_pylist():
        spans = tuple(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
        splits[row["split"]].append(EntityExample(row["id"], row["text"], spans, "train"))
    return Corpus(splits["train"], splits["test"])


def others(one: Measured, test: int) -> list[dict[str, Any]]:
    """What the results file has of other methods and seeds, on the same number of sentences."""
    file = FOLDER / f"{NAME}.json"
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    runs: list[dict[str, Any]] = content.get("runs", []) if content.get("test") == test else []
    return [r for r in runs if (r["method"], r["seed"]) != (one.method, one.seed)]


def reference(method: str, fit: Callable[..., Predict], corpus: Corpus, seed: int) -> Measured:
    """One of the references."""
    drawn, started = corpus.draw(seed), time.process_time()
    predict = fit(drawn, TYPES, seed)
    seconds = time.process_time() - started
    found = predict([example.text for example in corpus.test])
    return Measured(method, seed, micro_f1([e.spans for e in corpus.test], found), seconds)


def ours(method: str, settings: EntityModelSettings, corpus: Corpus, seed: int) -> Measured:
    """Trained as flows train, scored as flows score; and what a plain pipeline says."""
    texts, gold = [e.text for e in corpus.test], [e.spans for e in corpus.test]
    with tempfile.TemporaryDirectory() as folder:
        trained = train_entities(
            corpus.draw(seed), TYPES, settings, "offline", seed, Path(folder) / "model"
        )
        model = load_entity_model(str(trained.folder))
        spans = [[s.span() for s in found] for found in predict_entities(model, texts)]
        by_pipeline = plain_entities(str(trained.folder), texts)
    return Measured(
        method,
        seed,
        micro_f1(gold, spans),
        trained.cpu_seconds,
        micro_f1(gold, by_pipeline),
        micro_f1(spans, by_pipeline),
    )


METHODS: dict[str, Callable[[Corpus, int], Measured]] = {
    "crf": partial(reference, "crf", crf),
    "plain": partial(reference, "plain", plain),
    "plain, padded to the batch": partial(
        reference, "plain, padded to the batch", partial(plain, pads_to_batch=True)
    ),
    "ours": partial(ours, "ours", EntityModelSettings()),
    "ours, frozen": partial(ours, "ours, frozen", EntityModelSettings(method="frozen")),
}


if __name__ == "__main__":
    try:
        main()
    except DeskError as error:
        sys.exit(f"error: {error.problem}\n  → {error.next_step}")
