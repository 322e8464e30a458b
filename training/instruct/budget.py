"""What a training would take, told before it begins, and which setting would fit."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from corpus.errors import DeskError
from corpus.settings.instructions import InstructionModelSettings
from training.entities.fit import batch_share, processes
from training.instruct.free_memory import free_gb
from training.instruct.memory import FIXED, GIB, Shape, memory_bytes

BATCH_SETTING = "models.instructions.batch_size"
# Where there is no more to halve.
SMALLER = (
    "lower models.instructions.max_length_tokens or lora_rank, choose a smaller "
    "models.instructions.base, or four_bit=true on a GPU"
)


def require_memory(shape: Shape, settings: InstructionModelSettings, longest: int) -> float:
    """The estimate of SFT in GiB; DeskError where it is more than there is, with what would fit.

    Of several processes each has its share of a batch, and the base to itself.
    ``longest``: tokens of the longest chat.
    """
    limit = _limit_gb(shape, settings)
    share = batch_share(settings.batch_size, BATCH_SETTING)
    needed = memory_bytes(shape, share, longest, settings.gradient_checkpointing)
    if needed <= limit * GIB:
        return needed / GIB
    raise _too_little(
        shape, needed, limit, f"batch_size {settings.batch_size}, {longest} tokens",
        _advice(shape, settings, longest, limit),
    )  # fmt: skip


def require_grpo_memory(shape: Shape, settings: InstructionModelSettings, prompt: int) -> float:
    """As ``require_memory``, of GRPO, which learns from all answers of a step at a time.

    ``prompt``: tokens of the longest one.
    """
    grpo, room = settings.grpo, settings.max_new_tokens
    limit = _limit_gb(shape, settings)
    needed = memory_bytes(
        shape, grpo.prompts * grpo.answers, prompt + room, settings.gradient_checkpointing
    )
    if needed <= limit * GIB:
        return needed / GIB
    raise _too_little(
        shape, needed, limit,
        f"grpo.prompts {grpo.prompts} of {prompt} tokens, grpo.answers {grpo.answers} of {room}",
        _grpo_advice(shape, settings, prompt, limit),
    )  # fmt: skip


def require_tokens(tokens: int, steps: int, settings: InstructionModelSettings) -> None:
    """DeskError where SFT reads more tokens than its budget allows."""
    _require_tokens(tokens, steps, settings, "max_steps", "batch_size")


def require_grpo_tokens(settings: InstructionModelSettings, prompt: int) -> None:
    """DeskError where GRPO may read and write more tokens than the budget allows.

    ``prompt``: tokens of the longest one.
    """
    grpo = settings.grpo
    a_step = grpo.prompts * grpo.answers * (prompt + settings.max_new_tokens)
    smaller = "grpo.prompts, grpo.answers or max_new_tokens"
    _require_tokens(grpo.max_steps * a_step, grpo.max_steps, settings, "grpo.max_steps", smaller)


@contextmanager
def memory_errors(advice: str) -> Iterator[None]:
    """What to say when memory did not suffice all the same; on a CPU torch has no error for it."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        first = " ".join(str(error).split())[:200]
        raise DeskError(f"The memory did not suffice: {first}", advice) from error


def advice_of(settings: InstructionModelSettings) -> str:
    """For SFT: half as many chats at a time, with the same steps; of one chat, what is smaller."""
    batch, checkpointing = settings.batch_size, settings.gradient_checkpointing
    half = batch // processes() // 2 * processes()
    steps = settings.accumulation_steps * -(-batch // max(1, half))
    ways = [
        f"models.instructions.batch_size={half} and accumulation_steps={steps} (the same steps)"
        if half
        else "",
        "" if checkpointing else "models.instructions.gradient_checkpointing=true",
    ]
    said = ", or ".join(way for way in ways if way)
    advice = f"Set {said}." if said else f"{SMALLER[0].upper()}{SMALLER[1:]}."
    return f"{advice} Nothing was published."


def is_memory_error(error: BaseException) -> bool:
    """Whether memory did not suffice; on a CPU torch says so in words alone."""
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or "allocate memory" in str(error)


def _advice(shape: Shape, settings: InstructionModelSettings, longest: int, limit: float) -> str:
    """The gentlest change that would fit."""
    batch = settings.batch_size
    for checkpointing in sorted({settings.gradient_checkpointing, True}):
        share = batch // processes()
        while share >= 1:
            if memory_bytes(shape, share, longest, checkpointing) <= limit * GIB:
                size = share * processes()
                steps = settings.accumulation_steps * -(-batch // size)
                also = (
                    ", gradient_checkpointing=true"
                    if checkpointing and not settings.gradient_checkpointing
                    else ""
                )
                return (
                    f"Set models.instructions.batch_size={size}, accumulation_steps={steps}{also}."
                )
            share //= 2
    return f"Even one chat at a time does not fit: {SMALLER}."


def _grpo_advice(
    shape: Shape, settings: InstructionModelSettings, prompt: int, limit: float
) -> str:
    """Fewer prompts before fewer answers: those to one prompt are compared."""
    prompts, answers = settings.grpo.prompts, settings.grpo.answers
    tokens = prompt + settings.max_new_tokens
    checkpointing = settings.gradient_checkpointing
    while prompts * answers >= 2:
        if memory_bytes(shape, prompts * answers, tokens, checkpointing) <= limit * GIB:
            return (
                f"Set models.instructions.grpo.prompts={prompts} and grpo.answers={answers}, or "
                "lower models.instructions.max_new_tokens."
            )
        if prompts > 1:
            prompts //= 2
        elif answers > 2:
            answers = max(2, answers // 2)
        else:
            break
    also = "" if checkpointing else "set models.instructions.gradient_checkpointing=true, or "
    return (
        "Even models.instructions.grpo.prompts=1 with grpo.answers=2 does not fit: "
        f"{also}lower max_new_tokens or max_length_tokens, or choose a smaller "
        "models.instructions.base."
    )


def _limit_gb(shape: Shape, settings: InstructionModelSettings) -> float:
    """What the base holds already is not free, and counted in the estimate."""
    return settings.memory_gb or free_gb() + (shape.weight_bytes + FIXED) / GIB


def _too_little(shape: Shape, needed: float, limit: float, what: str, advice: str) -> DeskError:
    return DeskError(
        f"Training would take about {needed / GIB:.1f} GB of memory ({what}, "
        f"{shape.parameters / 1e6:.0f} million parameters), and there are {limit:.1f} GB.",
        advice,
    )


def _require_tokens(
    tokens: int, steps: int, settings: InstructionModelSettings, steps_setting: str, smaller: str
) -> None:
    budget = settings.token_budget
    if budget is None or tokens <= budget:
        return
    fitting = int(steps * budget / tokens)
    raise DeskError(
        f"Training would read {tokens:,} tokens in {steps} steps, more than the budget of "
        f"{budget:,} (models.instructions.token_budget).",
        f"Set models.instructions.{steps_setting}={fitting}, or raise the budget."
        if fitting
        else f"Not even one step fits: raise the budget, or lower {smaller}.",
    )
