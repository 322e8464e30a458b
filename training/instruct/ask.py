"""A model and its questions: what it writes, and how surprised it is by the right answers."""

from collections.abc import Callable, Sequence
from typing import Any

from corpus.errors import DeskError
from corpus.instruct.pairs import Pair
from corpus.settings.instructions import InstructionModelSettings
from training.instruct.base import Base
from training.instruct.budget import memory_errors
from training.instruct.generate import generate_answers
from training.instruct.lengths import shorten_prompts
from training.instruct.perplexity import Surprise, surprises
from training.results import Progress

# Scoring cuts no article at max_length_tokens, and has tried one answer at a time.
SMALLER = (
    "One answer at a time was too much: lower models.instructions.max_new_tokens, stop what else "
    "takes memory, or name a smaller models.instructions.base. What was trained is kept."
)


def ask(
    model: Any,
    base: Base,
    pairs: Sequence[Pair],
    settings: InstructionModelSettings,
    on_progress: Progress | None = None,
) -> list[tuple[str, Surprise]]:
    """Greedily, one answer a pair, in the order given.

    An article that leaves no room for an answer of ``max_new_tokens`` loses its end, whatever the
    rule for training says: a question is always answered.
    """
    written = write_answers(model, base, pairs, settings, on_progress)
    asked = shorten_prompts(pairs, base.tokenizer, settings.max_new_tokens, base.context)
    with memory_errors(SMALLER):
        told = surprises(model, base.tokenizer, asked, base.context)
    return list(zip(written, told, strict=True))


def write_answers(
    model: Any,
    base: Base,
    pairs: Sequence[Pair],
    settings: InstructionModelSettings,
    on_progress: Progress | None = None,
) -> list[str]:
    """What ``ask`` gives, of pairs whose right answer nobody knows.

    Constrained, every answer keeps the schema, whatever the model.
    """
    keep = keep_schema(base, pairs, settings)
    asked = shorten_prompts(pairs, base.tokenizer, settings.max_new_tokens, base.context)
    with memory_errors(SMALLER):
        return generate_answers(
            model, base.tokenizer, asked, settings.max_new_tokens, on_progress, keep
        )


def keep_schema(
    base: Base, pairs: Sequence[Pair], settings: InstructionModelSettings
) -> Callable[[], Any] | None:
    """Gives a new processor for each batch, where answers are constrained and any are asked for.

    All pairs of a desk are asked the same questions. DeskError where ``max_new_tokens`` is fewer
    than the shortest answer has.
    """
    if not settings.constrained or not pairs:
        return None
    from training.instruct.constrain import AnswerTokens, KeepSchema

    eos: Any = base.tokenizer.eos_token_id
    answers = AnswerTokens(base.tokenizer, pairs[0].questions)
    room = settings.max_new_tokens
    if room < answers.shortest:
        raise DeskError(
            f"models.instructions.max_new_tokens is {room}, and the shortest answer that keeps the "
            f"schema has {answers.shortest} tokens of {base.name!r}.",
            f"Set models.instructions.max_new_tokens={answers.shortest} or more (names of entities "
            "need room, too), or models.instructions.constrained=false.",
        )
    return lambda: KeepSchema(answers, eos, room)
