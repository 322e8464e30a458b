"""An offline decoder of the sample desk's articles, and what its heads and its stream hold."""

import json
from pathlib import Path

import torch

from corpus.articles import Span
from corpus.instruct.answers import Answer, Questions, mentions, to_json
from corpus.instruct.pairs import Pair, pair
from training.instruct.base import Base
from training.instruct.generate import prompt_ids

ARTICLES = 120
CLEAR = Questions(("World", "Sports", "Business", "Sci/Tech"), ("person", "organization"))


def sample_pairs(first: int = 0, end: int = ARTICLES) -> list[Pair]:
    """Of the sample desk: the tiny articles have too few words to tell rare from common."""
    lines = Path("sample/news.jsonl").read_text(encoding="utf-8").splitlines()[first:end]
    found = []
    for row in map(json.loads, lines):
        spans = [Span(s["start"], s["end"], s["label"]) for s in row["spans"]]
        answer = Answer(row["topic"], mentions(row["text"], spans))
        found.append(pair(row["title"], row["text"], answer, "train", CLEAR))
    return found


def begun(base: Base, pair: Pair, answer: str) -> list[int]:
    """The chat up to here."""
    ids: list[int] = base.tokenizer(answer)["input_ids"]
    return prompt_ids(pair, base.tokenizer) + ids


@torch.no_grad()
def attended(base: Base, ids: list[int], layer: int, head: int) -> torch.Tensor:
    """(to, from): how much each token attends to each."""
    seen = base.model(input_ids=torch.tensor([ids]), output_attentions=True)
    weights: torch.Tensor = seen.attentions[layer][0, head]
    return weights


@torch.no_grad()
def stream(base: Base, ids: list[int], part: slice, layers: int = 2) -> torch.Tensor:
    """(tokens, width) after so many layers; after all three normalised."""
    seen = base.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    found: torch.Tensor = seen.hidden_states[layers][0, :, part]
    return found


def told(pair: Pair, number: int) -> str:
    """The right answer, up to where the entity of this number begins."""
    parts = to_json(pair.answer).split('{"text": "')
    return '{"text": "'.join([*parts[: number + 1], ""])


def told_with(pair: Pair, number: int) -> str:
    """The right answer, up to where the list goes on or ends after the entity of this number."""
    kind = (pair.answer.entities or ())[number]
    return f'{told(pair, number)}{kind.text}", "type": "{kind.type}'
