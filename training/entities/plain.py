"""Entities as people find them who load a published model with transformers alone."""

from collections.abc import Sequence

import torch

from corpus.articles import Span


def plain_entities(folder: str, texts: Sequence[str]) -> list[list[Span]]:
    """What the pipeline of the card's own code says of each text, spans in code points.

    It takes the likeliest tag of each word and reads as much of a text as the model takes at once;
    ``training.entities.predict`` forbids sequences that no span has, and reads all of it.
    """
    # All pipelines there are take three CPU seconds to import.
    from transformers import pipeline

    find = pipeline(
        "token-classification",
        model=folder,
        aggregation_strategy="first",
        # The folder is one that train_entities wrote.
        trust_remote_code=True,
        device="cpu",
    )
    with torch.inference_mode():
        found = find(list(texts)) if texts else []
    return [
        [Span(int(e["start"]), int(e["end"]), str(e["entity_group"])) for e in of_text]
        for of_text in found
    ]
