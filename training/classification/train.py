"""Topic models: SetFit (Tunstall et al. 2022, arXiv:2209.11055) with its own trainer."""

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from setfit import SetFitModel, Trainer, TrainingArguments
from setfit.logging import set_verbosity_warning
from transformers import set_seed
from transformers.trainer_callback import PrinterCallback

from corpus.errors import DeskError
from corpus.settings.models import TopicModelSettings
from training.classification.learning_curve import LOSS_NAME, SCORE_NAME, LearningCurve
from training.curves import diagnose, draw_curve
from training.encoder import encoder_path
from training.examples import TopicExample
from training.results import Progress, Stopwatch, TrainedModel

# SetFit turns its logging up when it is imported.
set_verbosity_warning()

# After these the loss on new pairs hardly moves, so more steps buy little.
MOST_STEPS = 80
# Pairs of each kind (same topic, different topics) that 80 steps of 16 can use.
PAIRS_GOAL = 640
MOST_PAIRS_PER_EXAMPLE = 10
# SetFit lists every pair of its examples in memory: 1,500 make 1.1 million, 50,000 kill it.
# The head is fitted on all examples; 80 steps see no more than this in pairs anyway.
MOST_CONTRASTED = 1500


def train_topics(
    examples: Sequence[TopicExample],
    topics: Sequence[str],
    settings: TopicModelSettings,
    encoder: str,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
) -> TrainedModel:
    """Train on the examples of split train; ``SetFitModel.from_pretrained(output_dir)`` loads it.

    Predictions are topic names. Raises DeskError with fewer than two topics to learn from.
    ``on_progress`` gets (step, steps in total).
    """
    watch = Stopwatch()
    chosen = choose_examples(examples, topics, settings.per_class, seed)
    validation = [e for e in examples if e.split == "validation" and _topic(e) in set(topics)]
    _require_two_topics(choose_examples(examples, topics, None, seed), topics)
    set_seed(seed)
    model = _new_model(encoder, topics, settings)
    curve = LearningCurve(model, chosen, validation, on_progress)
    _fit(model, chosen, settings, seed, curve)
    _save(model, output_dir)
    points = curve.points()
    png = output_dir / "learning_curve.png"
    draw_curve(points, f"Topic model, {len(chosen)} examples", LOSS_NAME, SCORE_NAME, png)
    return TrainedModel(
        folder=output_dir,
        kind="topics",
        curve=points,
        curve_png=png,
        diagnosis=diagnose(points, len(chosen)),
        examples=len(chosen),
        seconds=watch.seconds(),
        cpu_seconds=watch.cpu_seconds(),
        seed=seed,
        settings=_effective(settings, len(chosen)),
    )


def choose_examples(
    examples: Sequence[TopicExample], topics: Sequence[str], per_class: int | None, seed: int
) -> list[TopicExample]:
    """The training examples, at most ``per_class`` of each topic.

    The choice depends on the seed and the ids, not on the order of ``examples``.
    """
    known = set(topics)
    train = [e for e in examples if e.split == "train" and _topic(e) in known]
    train.sort(key=lambda e: e.id)
    return train if per_class is None else _at_most(train, topics, per_class, seed)


def pairs_per_example(settings: TopicModelSettings, examples: int) -> int:
    """SetFit's num_iterations: the desk's, or as many as give about 640 pairs of each kind."""
    by_size = max(1, min(MOST_PAIRS_PER_EXAMPLE, round(PAIRS_GOAL / examples)))
    return settings.pairs_per_example or by_size


def step_count(settings: TopicModelSettings, examples: int) -> int:
    """Optimiser steps of the contrastive phase: one pass over the pairs, but at most 80."""
    pairs = 2 * pairs_per_example(settings, examples) * examples
    steps = -(-pairs // settings.batch_size)
    return min(steps, settings.max_steps if settings.max_steps > 0 else MOST_STEPS)


def _at_most(
    examples: Sequence[TopicExample], topics: Sequence[str], per_topic: int, seed: int
) -> list[TopicExample]:
    by_topic: dict[str, list[TopicExample]] = defaultdict(list)
    for example in random.Random(seed).sample(list(examples), len(examples)):
        by_topic[_topic(example)].append(example)
    return [example for topic in topics for example in by_topic[topic][:per_topic]]


def _effective(settings: TopicModelSettings, examples: int) -> dict[str, Any]:
    found = settings.model_dump()
    found["pairs_per_example"] = pairs_per_example(settings, examples)
    found["max_steps"] = step_count(settings, examples)
    found["per_class"] = settings.per_class or "all"
    return found


def _require_two_topics(examples: Sequence[TopicExample], topics: Sequence[str]) -> None:
    counts = Counter(_topic(example) for example in examples)
    if len(counts) < 2:
        found = ", ".join(f"{topic}: {counts[topic]}" for topic in topics)
        raise DeskError(
            f"Training needs articles of at least two topics in the train split ({found}).",
            "Review more articles in Argilla, then run copydesk pull and copydesk train.",
        )


def _new_model(encoder: str, topics: Sequence[str], settings: TopicModelSettings) -> SetFitModel:
    model = SetFitModel.from_pretrained(
        encoder_path(encoder),
        labels=list(topics),
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
    model.model_body.max_seq_length = settings.max_length_tokens
    _freeze_lower_layers(model, settings.frozen_layers)
    return model


def _freeze_lower_layers(model: SetFitModel, layers: int) -> None:
    """Keep the word embeddings and the lowest ``layers`` as they are; 0 freezes nothing."""
    if layers == 0:
        return
    transformer = model.model_body[0].auto_model
    stacks = [m for m in transformer.modules() if isinstance(m, torch.nn.ModuleList)]
    lowest = list(stacks[0])[:layers] if stacks else []
    for module in (transformer.get_input_embeddings(), *lowest):
        module.requires_grad_(False)


def _fit(
    model: SetFitModel,
    examples: Sequence[TopicExample],
    settings: TopicModelSettings,
    seed: int,
    curve: LearningCurve,
) -> None:
    """Both phases of SetFit: the encoder on pairs, then the head on every example."""
    names = list(model.labels)
    contrasted = list(examples)
    if len(examples) > MOST_CONTRASTED:
        contrasted = _at_most(examples, names, MOST_CONTRASTED // len(names), seed)
    with tempfile.TemporaryDirectory() as folder:
        arguments = _arguments(folder, settings, len(examples), seed)
        # SetFit's default metric would be fetched from a hub.
        trainer = Trainer(model, arguments, metric=_accuracy, callbacks=[curve])
        # Prints dictionaries to the terminal; the curve and on_progress say the same to people.
        trainer.remove_callback(PrinterCallback)
        trainer.train_embeddings(*_texts_and_labels(contrasted, names), args=arguments)
        trainer.train_classifier(*_texts_and_labels(examples, names), args=arguments)


def _arguments(
    folder: str, settings: TopicModelSettings, examples: int, seed: int
) -> TrainingArguments:
    steps = step_count(settings, examples)
    return TrainingArguments(
        output_dir=folder,
        batch_size=settings.batch_size,
        num_iterations=pairs_per_example(settings, examples),
        num_epochs=1,
        max_steps=steps,
        body_learning_rate=settings.learning_rate,
        seed=seed,
        logging_steps=max(1, steps // 20),
        report_to="none",
        save_strategy="no",
        eval_strategy="no",
        show_progress_bar=False,
    )


def _texts_and_labels(
    examples: Sequence[TopicExample], names: Sequence[str]
) -> tuple[list[str], list[int]]:
    texts = [example.text for example in examples]
    return texts, [names.index(_topic(example)) for example in examples]


def _topic(example: TopicExample) -> str:
    (topic,) = example.topics
    return topic


def _accuracy(predicted: Any, gold: Any) -> dict[str, float]:
    return {"accuracy": float((predicted == gold).mean())}


def _save(model: SetFitModel, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(folder))
    # SetFit writes a card that quotes training articles and names this folder.
    (folder / "README.md").unlink(missing_ok=True)
