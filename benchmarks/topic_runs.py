"""One training of the topic benchmark in a process of its own; prints one line of JSON.

    python -m benchmarks.topic_runs ours|setfit FILE PER_CLASS SEED TEST_ROWS THREADS

CPU seconds are those of the training, from loading the encoder to the finished model: for ours
with cross-validation, calibration, saving and the picture. Imports and scoring count for nobody.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

# Before torch is imported: threads that spin while they wait count as CPU time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]
# SetFit's default is 20; 10 and 3 are what it is usually run with at these sizes.
ITERATIONS = {8: 10, 16: 10, 64: 3}
Row = dict[str, Any]


def main() -> None:
    """Train, score, print."""
    who, file, per_class, seed, test_rows, threads = sys.argv[1:]
    import torch

    torch.set_num_threads(int(threads))
    rows = read(Path(file))
    train = chosen([r for r in rows if r["split"] == "train"], int(per_class), int(seed))
    test = chosen([r for r in rows if r["split"] != "train"], int(test_rows) // len(TOPICS), 0)
    run = {"ours": ours, "setfit": setfit}[who]
    found = run(train, test, int(per_class), int(seed))
    sys.stdout.write(json.dumps({"who": who, "per_class": int(per_class), **found}) + "\n")


def read(file: Path) -> list[Row]:
    """id, text, topic and split of every article."""
    table = pq.read_table(file, columns=["id", "text_clean", "topic", "split"])
    found: list[Row] = table.to_pylist()
    return found


def chosen(rows: Sequence[Row], per_class: int, seed: int) -> list[Row]:
    """So many of each topic, by the seed; both sides of a comparison get the same."""
    by_topic: dict[str, list[Row]] = defaultdict(list)
    for row in random.Random(seed).sample(list(rows), len(rows)):
        by_topic[row["topic"]].append(row)
    return [row for topic in TOPICS for row in by_topic[topic][:per_class]]


def ours(train: Sequence[Row], test: Sequence[Row], per_class: int, seed: int) -> Row:
    """Copydesk with its defaults: the rung is its own choice."""
    from corpus.settings.models import TopicModelSettings
    from training.classification.predict import load_topic_model, predict_topics
    from training.classification.train import train_topics
    from training.examples import TopicExample

    examples = [TopicExample(r["id"], r["text_clean"], (r["topic"],), "train") for r in train]
    with tempfile.TemporaryDirectory() as folder:
        model = train_topics(
            examples, TOPICS, TopicModelSettings(), "offline", seed, Path(folder) / "model"
        )
        loaded = load_topic_model(str(model.folder))
        said = predict_topics(loaded, [r["text_clean"] for r in test])
    found = scored([p.topic for p in said], [p.score for p in said], test)
    kept = {k: v for k, v in model.settings.items() if k.startswith(("rung", "cross", "temp"))}
    return {**found, "cpu_seconds": model.cpu_seconds, **kept}


def setfit(train: Sequence[Row], test: Sequence[Row], per_class: int, seed: int) -> Row:
    """SetFit's own trainer with its defaults but for the number of pairs; all layers learn."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    from training.encoder import encoder_path

    path = encoder_path("offline")
    begun = time.process_time()
    model = SetFitModel.from_pretrained(path, labels=TOPICS, device="cpu")
    data = Dataset.from_dict(
        {
            "text": [r["text_clean"] for r in train],
            "label": [TOPICS.index(r["topic"]) for r in train],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_iterations=ITERATIONS[per_class],
            seed=seed,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        trainer = Trainer(model, arguments, train_dataset=data, metric=accuracy)
        trainer.train()
    cpu = time.process_time() - begun
    # By length, so that scoring costs less; it is not measured.
    test = sorted(test, key=lambda r: len(r["text_clean"]))
    rows = model.predict_proba(
        [r["text_clean"] for r in test], as_numpy=True, show_progress_bar=False
    )
    names = [TOPICS[i] for i in rows.argmax(axis=1)]
    return {**scored(names, rows.max(axis=1).tolist(), test), "cpu_seconds": round(cpu, 1)}


def accuracy(predicted: Any, gold: Any) -> dict[str, float]:
    """Else SetFit fetches one from a hub."""
    return {"accuracy": float((predicted == gold).mean())}


def scored(names: Sequence[str], said: Sequence[float], test: Sequence[Row]) -> Row:
    """Accuracy and calibration error (ten bins) of the most probable topics."""
    right = np.array([name == r["topic"] for name, r in zip(names, test, strict=True)], dtype=float)
    confidence = np.array(said)
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(float((confidence - right)[bins == b].sum())) for b in range(10)]
    return {
        "accuracy": round(float(right.mean()), 4),
        "ece": round(sum(gaps) / len(test), 4),
        "test_rows": len(test),
    }


if __name__ == "__main__":
    main()
