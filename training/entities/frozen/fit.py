"""Training of the head: the encoder reads every window once, the head many times."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from corpus.settings.models import EntityModelSettings
from training.entities.encode import IGNORED, Encoded, Window
from training.entities.learning_curve import SCORE_KEY, Validation, points
from training.entities.predict import EntityModel, spans_of
from training.evaluation import micro_f1
from training.results import CurvePoint, Progress

ENCODE_BATCH = 16
WARMUP = 0.1
WEIGHT_DECAY = 0.01


@dataclass(frozen=True, slots=True)
class States:
    """Windows and what the encoder says of them: float16, 38 KB a news item of 50 tokens."""

    windows: Sequence[Window]
    states: Sequence[torch.Tensor]


def fit_head(
    model: EntityModel,
    examples: Encoded,
    validation: Validation,
    settings: EntityModelSettings,
    seed: int,
    on_progress: Progress | None,
) -> tuple[CurvePoint, ...]:
    """Train the head in place; it ends as its best epoch, or the last without validation.

    A training that is killed begins anew: it is short, and comes to the same result.
    """
    train, held = _read(model, examples), _read(model, validation.encoded)
    training = _Training(model, train, settings, np.random.default_rng(seed), on_progress)
    best, best_score = training.copy_head(), -1.0
    log: list[dict[str, float]] = []
    while training.epochs < settings.head_epochs:
        log.append({"loss": training.epoch(), "step": training.steps})
        if not validation.examples:
            continue
        log.append({"step": training.steps, **_validate(model, held, validation)})
        # No early end: epochs cost little, and the last ones, of small steps, are the best.
        if log[-1][SCORE_KEY] >= best_score:
            best, best_score = training.copy_head(), log[-1][SCORE_KEY]
    if validation.examples:
        model.model.head.load_state_dict(best)
    model.model.eval()
    return points(log)


class _Training:
    """The head with its optimizer; ``epochs`` and ``steps`` count what was done."""

    def __init__(
        self,
        model: EntityModel,
        train: States,
        settings: EntityModelSettings,
        random: np.random.Generator,
        on_progress: Progress | None,
    ) -> None:
        self.model, self.train, self.size = model, train, settings.batch_size
        self.random, self.on_progress = random, on_progress
        self.epochs = self.steps = 0
        self.total = math.ceil(len(train.windows) / self.size) * settings.head_epochs
        rate = settings.head_learning_rate
        self.optimizer = torch.optim.AdamW(
            model.model.head.parameters(), rate, weight_decay=WEIGHT_DECAY, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, rate, total_steps=self.total, pct_start=WARMUP
        )

    def epoch(self) -> float:
        """Once over all windows; the mean loss."""
        self.model.model.head.train()
        order = self.random.permutation(len(self.train.windows)).tolist()
        losses = [
            self._step(order[start : start + self.size])
            for start in range(0, len(order), self.size)
        ]
        self.epochs += 1
        return float(np.mean(losses))

    def copy_head(self) -> dict[str, torch.Tensor]:
        """The weights as they are now."""
        found: dict[str, torch.Tensor] = copy.deepcopy(self.model.model.head.state_dict())
        return found

    def _step(self, batch: Sequence[int]) -> float:
        loss: Any = _loss(self.model, self.train, batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.steps += 1
        if self.on_progress is not None:
            self.on_progress(self.steps, self.total)
        return float(loss.item())


def _read(model: EntityModel, encoded: Encoded) -> States:
    """Every window through the encoder, by length."""
    windows = encoded.windows
    states: dict[int, torch.Tensor] = {}
    order = sorted(range(len(windows)), key=lambda i: len(windows[i].input_ids))
    model.model.eval()
    for start in range(0, len(order), ENCODE_BATCH):
        batch = order[start : start + ENCODE_BATCH]
        ids, mask = _inputs(model, [windows[i] for i in batch])
        with torch.no_grad():
            found = model.model.states(ids, mask).half().cpu()
        states.update(
            {i: found[row, : len(windows[i].input_ids)].clone() for row, i in enumerate(batch)}
        )
    return States(windows, [states[i] for i in range(len(windows))])


def _inputs(model: EntityModel, windows: Sequence[Window]) -> tuple[torch.Tensor, torch.Tensor]:
    found = model.tokenizer.pad(
        {"input_ids": [window.input_ids for window in windows]},
        padding_side="right",
        return_tensors="pt",
    ).to(model.model.device)
    return found["input_ids"], found["attention_mask"]


def _logits(model: EntityModel, part: States, batch: Sequence[int]) -> torch.Tensor:
    ids, mask = _inputs(model, [part.windows[i] for i in batch])
    states = torch.nn.utils.rnn.pad_sequence([part.states[i].float() for i in batch], True)
    logits: torch.Tensor = model.model.tag(states.to(ids.device), ids, mask)
    return logits


def _loss(model: EntityModel, part: States, batch: Sequence[int]) -> torch.Tensor:
    logits = _logits(model, part, batch)
    labels = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(part.windows[i].labels) for i in batch], True, IGNORED
    )
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten().to(logits.device))


def _validate(model: EntityModel, held: States, validation: Validation) -> dict[str, float]:
    model.model.eval()
    rows: list[np.ndarray] = []
    losses: list[float] = []
    with torch.no_grad():
        for start in range(0, len(held.windows), ENCODE_BATCH):
            batch = list(range(start, min(start + ENCODE_BATCH, len(held.windows))))
            values = torch.log_softmax(_logits(model, held, batch).float(), dim=-1).cpu().numpy()
            for row, i in zip(values, batch, strict=True):
                labels = np.array(held.windows[i].labels)
                rows.append(row[: len(labels)])
                real = np.flatnonzero(labels != IGNORED)
                losses += (-row[real, labels[real]]).tolist()
    texts = [example.text for example in validation.examples]
    found = spans_of(texts, held.windows, rows, model.tags)
    gold = [example.spans for example in validation.examples]
    return {
        "eval_loss": float(np.mean(losses)) if losses else 0.0,
        SCORE_KEY: micro_f1(gold, [[span.span() for span in spans] for spans in found]),
    }
