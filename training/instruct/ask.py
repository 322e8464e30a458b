"""A model and its questions: what it writes, and how surprised it is by the right answers."""

from collections.abc import Callable, Sequence
from typing import Any

from corpus.instruct.pairs import Pair
from corpus.settings.instructions import InstructionModelSettings
from training.instruct.base import Base
from training.instruct.budget import memory_errors
from training.instruct.generate import generate_answers
from training.instruct.lengths import shorten_prompts
from training.instruct.perplexity import Surprise, surprises
from training.results import Progress

SMALLER = "Lower models.instructions.max_new_tokens or max_length_tokens."


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
    """What ``ask`` gives, of pairs whose right answer nobody knows."""
    asked = shorten_prompts(pairs, base.tokenizer, settings.max_new_tokens, base.context)
    keep = _keep_schema(base, pairs) if settings.constrained and pairs else None
    with memory_errors(SMALLER):
        return generate_answers(
            model, base.tokenizer, asked, settings.max_new_tokens, on_progress, keep
        )


def _keep_schema(base: Base, pairs: Sequence[Pair]) -> Callable[[], Any]:
    """Gives a new processor for each batch; all pairs of a desk are asked the same questions."""
    from training.instruct.constrain import KeepSchema, token_index

    eos: Any = base.tokenizer.eos_token_id
    index = token_index(base.tokenizer, pairs[0].questions)
    return lambda: KeepSchema(index, eos)
