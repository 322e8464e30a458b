"""Topics and entities of news in one pass, beside two plain pipelines of the same two models.

    make bench-prediction DATA=folder   (.venv/bin/python -m benchmarks.prediction --data folder)

The folder holds ag_news_small.parquet and ner_news_small.parquet. Both models are trained here on
the frozen encoder: topics on 64 articles a class, entities on 1,000 sentences. The reference is
``transformers.pipeline`` with its defaults, a text-classification and a token-classification one,
on the same articles in the same process. Ways take turns; figures are medians of the rounds, in
CPU seconds of the process, without the loading of models.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.plain_pipelines import decoded, entity_pipeline, topic_pipeline
from benchmarks.results import about, save, say
from corpus.articles import Span
from corpus.errors import DeskError
from corpus.labelled.columns import Columns, FileForm
from corpus.labelled.parts import Parts
from corpus.labelled.read import Kind, LabelledFile, read_labelled
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.entities.predict import load_entity_model, predict_entities
from training.entities.train import train_entities
from training.from_file import file_entities, file_topics
from training.prediction.cache import VectorCache
from training.prediction.shared import Caches, Predicted, SharedEncoder, predict_both, share

PER_CLASS, SENTENCES, VALIDATION = 64, 1_000, 200


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, print, write bench-results/prediction.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    begun = about()
    news = _file(options.data / "ag_news_small.parquet", "topics")
    sentences = _file(options.data / "ner_news_small.parquet", "entities")
    with tempfile.TemporaryDirectory() as name:
        shared = models(news, sentences, Path(name))
        texts = [row.text for row in news.rows if row.split == "test"][: options.articles]
        measured = measure(shared, texts, Path(name), options.rounds)
    save("prediction", begun, {"threads": options.threads, "rounds": options.rounds, **measured})


def models(news: LabelledFile, sentences: LabelledFile, folder: Path) -> SharedEncoder:
    """Both models, trained, saved, and loaded again as anybody loads them."""
    topics, entities = folder / "topics", folder / "entities"
    settings = TopicModelSettings(method="frozen", per_class=PER_CLASS)
    examples = file_topics(news, _parts(news, PER_CLASS * 60))
    train_topics(examples, news.labels, settings, "offline", 1, topics)
    train_entities(
        file_entities(sentences, _parts(sentences, SENTENCES)),
        sentences.labels,
        EntityModelSettings(method="frozen"),
        "offline",
        1,
        entities,
    )
    found = share(load_topic_model(str(topics)), load_entity_model(str(entities)))
    if found is None:
        raise RuntimeError("two models on one frozen encoder do not share it")
    return found


def measure(
    shared: SharedEncoder, texts: Sequence[str], folder: Path, rounds: int
) -> dict[str, Any]:
    """Seconds and speed of each way, and how much of what the pipelines say each says, too."""
    topics, entities = topic_pipeline(shared.topics), entity_pipeline(shared.entities)
    cached = folder / "embeddings"
    predict_both(shared, texts, texts, _caches(cached, shared))
    ways: dict[str, Callable[[], Any]] = {
        "two pipelines": lambda: (topics_of(topics, texts), tags_of(entities, texts)),
        "two models, batches by length": lambda: Predicted(
            predict_topics(shared.topics, texts), predict_entities(shared.entities, texts)
        ),
        "one pass for both": lambda: predict_both(shared, texts, texts),
        "seen before": lambda: predict_both(shared, texts, texts, _caches(cached, shared)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    said: dict[str, Any] = {}
    for number in range(rounds):
        for name, way in ways.items():
            started = time.process_time()
            said[name] = way()
            seconds[name].append(time.process_time() - started)
            say(f"round {number + 1}: {name}: {seconds[name][-1]:.2f} CPU s")
    spans = [decoded(entities, text, shared.entities.tags) for text in texts]
    return {
        "articles": len(texts),
        "tokens": sum(map(len, shared.entities.tokenizer(list(texts))["input_ids"])),
        "cache_mb": round(sum(f.stat().st_size for f in cached.rglob("*.npy")) / 1e6, 1),
        "ways": {name: _figures(name, seconds, said, spans, len(texts)) for name in ways},
    }


def topics_of(topics: Any, texts: Sequence[str]) -> list[str]:
    """One call a text, as pipelines do by default."""
    return [found["label"] for found in topics(list(texts), truncation=True)]


def tags_of(entities: Any, texts: Sequence[str]) -> list[Any]:
    """One call a text."""
    found: list[Any] = entities(list(texts))
    return found


def _figures(
    name: str,
    seconds: dict[str, list[float]],
    said: dict[str, Any],
    spans: Sequence[tuple[Span, ...]],
    n: int,
) -> dict[str, Any]:
    median = statistics.median(seconds[name])
    figures: dict[str, Any] = {
        "cpu_seconds": round(median, 3),
        "records_per_cpu_second": round(n / median, 1),
        "times": round(statistics.median(seconds["two pipelines"]) / median, 2),
    }
    if isinstance(said[name], Predicted):
        labels, _ = said["two pipelines"]
        topics = [p.topic == label for p, label in zip(said[name].topics, labels, strict=True)]
        own = [tuple(s.span() for s in found) for found in said[name].spans]
        figures["topics_equal"] = sum(topics) / n
        figures["spans_equal"] = sum(a == b for a, b in zip(own, spans, strict=True)) / n
    return figures


def _caches(folder: Path, shared: SharedEncoder) -> Caches:
    """Opened anew, as a later process does."""
    return Caches(
        VectorCache(folder, shared.revision, "float16"),
        VectorCache(folder, shared.revision, "float32"),
    )


def _file(path: Path, kind: Kind) -> LabelledFile:
    if not path.is_file():
        raise DeskError(f"The benchmark needs {path}.", "Run make bench-prediction DATA=folder.")
    return read_labelled(path, kind, Columns(), FileForm())


def _parts(file: LabelledFile, train: int) -> Parts:
    """The first so many of train and 200 of validation; nothing else is trained with."""
    left = {"train": train, "validation": VALIDATION, "test": 0}
    splits = {}
    for row in file.rows:
        split = row.split or "test"
        left[split] -= 1
        splits[row.number] = split if left[split] >= 0 else "test"
    return Parts(splits, kept_back=False)


if __name__ == "__main__":
    main()
