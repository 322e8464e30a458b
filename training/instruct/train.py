"""Reviewed pairs → a LoRA adapter that answers in JSON, with its scores against the base model."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from transformers import set_seed

from corpus.errors import DeskError
from corpus.instruct.answers import read_answer
from corpus.instruct.pairs import Pair
from corpus.settings.instructions import InstructionModelSettings
from corpus.tracking import Tracking
from training.checkpoints import training_key
from training.curves import diagnose, draw_curve
from training.entities.fit import Run, is_main_process
from training.evaluation.answers import answer_f1
from training.instruct.adapter import save_adapter
from training.instruct.ask import keep_schema
from training.instruct.base import Base
from training.instruct.budget import require_memory, require_tokens
from training.instruct.fit import LOSS_NAME, adapter_size, fit, steps_of, weight_decay
from training.instruct.generate import generate_answers
from training.instruct.lengths import Fitted, fit_lengths, require_room, shorten_prompts
from training.instruct.memory import shape_of
from training.instruct.turns import turn_end
from training.results import Progress, Stopwatch, TrainedModel
from training.tracking import report_to

SCORE_NAME = "F1 of answers on validation"
# Writing an answer costs as much as reading hundreds of tokens, so the curve scores some.
SCORED_EXAMPLES = 16


def train_instructions(
    pairs: Sequence[Pair],
    base: Base,
    settings: InstructionModelSettings,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
    checkpoints: Path | None = None,
    tracking: Tracking = "none",
) -> TrainedModel:
    """Train on the pairs of split train; peft loads the adapter in ``output_dir`` onto its base.

    Pairs of split validation choose the best evaluation. ``checkpoints`` (beside ``output_dir`` if
    left out) is where a training that was killed goes on. ``base.model`` carries the adapter
    afterwards; of several processes the first one writes. Raises DeskError before any training
    where there is no pair, a setting does not fit the base, or tokens or memory are over their
    limits.
    """
    watch = Stopwatch()
    checkpoints = checkpoints or output_dir.with_name(f"{output_dir.name}.checkpoints")
    report_to(tracking)
    longest = longest_chat(base, settings)
    require_room(pairs, base.tokenizer, settings.max_new_tokens, base.context)
    train = _fitted(pairs, "train", base, settings, longest)
    validation = _fitted(pairs, "validation", base, settings, longest)
    _require_affordable(base, train, settings)
    # Refuses now what scoring would refuse after the training.
    keep_schema(base, train.pairs, settings)
    set_seed(seed)
    key = training_key([[_row(p) for p in pairs], _used(settings), base.name, base.weights, seed])
    run = Run(checkpoints, key, on_progress, tracking)
    held = validation.pairs[:SCORED_EXAMPLES]
    model, curve = fit(
        base, train.pairs, validation.pairs, settings, seed, run,
        (lambda model: _score(model, base, held, settings)) if held else None,
    )  # fmt: skip
    png = output_dir / "learning_curve.png"
    articles = len({p.id for p in train.pairs})
    diagnosis = diagnose(curve, articles, len(held))
    if is_main_process():
        save_adapter(model, base, output_dir)
        title = f"Instruction model, {len(train.pairs)} chats"
        draw_curve(curve, title, LOSS_NAME, f"{SCORE_NAME} ({len(held)} articles)", png, diagnosis)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return TrainedModel(
        folder=output_dir,
        kind="instructions",
        curve=curve,
        curve_png=png,
        diagnosis=diagnosis,
        examples=articles,
        seconds=watch.seconds(),
        cpu_seconds=watch.cpu_seconds(),
        seed=seed,
        settings=_used(settings) | _counted(train, validation) | _base_facts(base),
    )


def longest_chat(base: Base, settings: InstructionModelSettings) -> int:
    """Tokens that a chat may have; DeskError where the base model reads fewer."""
    if base.context is not None and settings.max_length_tokens > base.context:
        raise DeskError(
            f"models.instructions.max_length_tokens is {settings.max_length_tokens}, and "
            f"{base.name!r} reads {base.context} tokens.",
            f"Set models.instructions.max_length_tokens={base.context} or less.",
        )
    return settings.max_length_tokens


def _fitted(
    pairs: Sequence[Pair],
    split: str,
    base: Base,
    settings: InstructionModelSettings,
    longest: int,
) -> Fitted:
    """By id: in which order they arrive must not matter."""
    chosen = sorted((p for p in pairs if p.split == split), key=lambda p: (p.id, p.text))
    found = fit_lengths(chosen, base.tokenizer, longest, settings.too_long)
    if split == "train" and not found.pairs:
        raise DeskError(
            f"No reviewed article of the train split makes a chat ({found.left_out} were too "
            "long).",
            "Review more articles and run copydesk pull; then train again.",
        )
    return found


def _require_affordable(base: Base, train: Fitted, settings: InstructionModelSettings) -> None:
    steps = steps_of(settings, len(train.pairs))
    a_step = settings.batch_size * settings.accumulation_steps
    require_tokens(int(train.tokens / len(train.pairs) * steps * a_step), steps, settings)
    shape = shape_of(base.model, adapter_size(base, settings), settings.lora_dropout > 0)
    require_memory(
        shape, settings, settings.max_length_tokens if settings.packing else train.longest
    )


def _score(
    model: Any, base: Base, held: Sequence[Pair], settings: InstructionModelSettings
) -> float:
    room = settings.max_new_tokens
    asked = shorten_prompts(held, base.tokenizer, room, base.context)
    written = generate_answers(model, base.tokenizer, asked, room)
    said = [read_answer(w, p.questions).answer for w, p in zip(written, held, strict=True)]
    return answer_f1([p.answer for p in held], said)


def _row(pair: Pair) -> list[Any]:
    return [pair.id, pair.split, pair.messages(), list(astuple(pair.questions))]


def _used(settings: InstructionModelSettings) -> dict[str, Any]:
    """The settings that decide something: not those of GRPO, nor what training may take."""
    used = settings.model_dump(exclude={"grpo", "token_budget", "memory_gb"})
    return used | {"weight_decay": weight_decay(settings)}


def _counted(train: Fitted, validation: Fitted) -> dict[str, int]:
    return {
        "chats_shortened": train.shortened + validation.shortened,
        "chats_left_out": train.left_out + validation.left_out,
        "chats_broken_up": train.broken_up + validation.broken_up,
    }


def _base_facts(base: Base) -> dict[str, str]:
    """What an adapter depends on: the base's weights, and how its template writes a chat."""
    text = str(base.tokenizer.chat_template)
    template = hashlib.sha256(text.encode()).hexdigest()[:12]
    end: Any = base.tokenizer.convert_ids_to_tokens(turn_end(base.tokenizer, base.name))
    return {"chat_template": template, "turn_end": str(end), "base_weights": base.weights}
