"""What a published adapter answers, on the base model that it names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.desk import Desk
from corpus.instruct.pairs import Pair
from flows.answers import answer_row
from flows.hub_access import download_model, last_revision


def published_answers(desk: Desk, adapter: Path, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Rows of the pairs, by the adapter in this folder as it was published."""
    # peft and transformers take seconds to import; other kinds of models need neither.
    from training.instruct.adapter import adapter_base, load_adapter
    from training.instruct.ask import ask
    from training.instruct.base import load_base

    name = adapter_base(adapter)
    revision = last_revision(name)
    base = load_base(str(download_model(name, revision)) if revision else name, name)
    answers = ask(load_adapter(adapter, base), base, pairs, desk.models.instructions)
    return [
        answer_row(pair, written, surprise)
        for pair, (written, surprise) in zip(pairs, answers, strict=True)
    ]
