"""What people have without Copydesk: a CRF with the usual features, and a plain fine-tuning."""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)

from corpus.articles import Span
from training.encoder import encoder_path
from training.entities.encode import IGNORED
from training.entities.schemes import tag_names
from training.examples import EntityExample

Offsets = list[tuple[int, int]]
Predict = Callable[[Sequence[str]], list[list[Span]]]
WORD = re.compile(r"\w+|[^\w\s]")
PADDED_TOKENS = 128


def crf(train: Sequence[EntityExample], types: Sequence[str], seed: int) -> Predict:
    """sklearn-crfsuite (L-BFGS, c1 = c2 = 0.05, chosen on other sentences); seeds change nothing.

    Features of a word: itself, lower, shape, prefixes and suffixes to four letters, digits, and
    lower, shape, title, upper of two neighbours on each side.
    """
    import sklearn_crfsuite

    names = tag_names(types)
    places = [words(example.text) for example in train]
    rows = [features(e.text, offsets) for e, offsets in zip(train, places, strict=True)]
    tags = [
        [names[label] for label in labels(offsets, e.spans, names)]
        for e, offsets in zip(train, places, strict=True)
    ]
    model = sklearn_crfsuite.CRF(
        algorithm="lbfgs", c1=0.05, c2=0.05, max_iterations=100, all_possible_transitions=True
    )
    model.fit(rows, tags)
    return partial(_crf_spans, model)


def _crf_spans(model: Any, texts: Sequence[str]) -> list[list[Span]]:
    found = []
    for text in texts:
        offsets = words(text)
        found.append(runs(model.predict_single(features(text, offsets)), offsets))
    return found


def words(text: str) -> Offsets:
    """Code points of each word and each punctuation mark."""
    return [match.span() for match in WORD.finditer(text)]


def features(text: str, offsets: Offsets) -> list[dict[str, float]]:
    """For each word the features of the CRF."""
    tokens = [text[start:end] for start, end in offsets]
    return [_features(tokens, i) for i in range(len(tokens))]


def _features(tokens: Sequence[str], i: int) -> dict[str, float]:
    word = tokens[i]
    found = {"bias": 1.0, f"word={word}": 1.0, "digit": float(word.isdigit())}
    for length in range(1, 5):
        found[f"prefix={word[:length].lower()}"] = 1.0
        found[f"suffix={word[-length:].lower()}"] = 1.0
    for distance in range(-2, 3):
        if not 0 <= i + distance < len(tokens):
            found[f"{distance}:edge"] = 1.0
            continue
        near = tokens[i + distance]
        found[f"{distance}:lower={near.lower()}"] = 1.0
        found[f"{distance}:shape={shape(near)}"] = 1.0
        found[f"{distance}:title"] = float(near.istitle())
        found[f"{distance}:upper"] = float(near.isupper())
    return found


def shape(word: str) -> str:
    """Obama → Xxx, U2 → Xd, 1999 → dd: classes of characters, at most two of a kind in a row."""
    kinds = re.sub(r"\d", "d", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", word)))
    return re.sub(r"(.)\1+", r"\1\1", kinds)


def plain(
    train: Sequence[EntityExample], types: Sequence[str], seed: int, pads_to_batch: bool = False
) -> Predict:
    """AutoModelForTokenClassification, Trainer's defaults (3 epochs, 5e-5, batch 8), argmax.

    Padded to 128 tokens as courses do it, or to the longest of the batch.
    """
    names = tag_names(types)
    tokenizer = AutoTokenizer.from_pretrained(encoder_path("offline"))
    set_seed(seed)
    model = AutoModelForTokenClassification.from_pretrained(
        encoder_path("offline"),
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )
    found = _tokenized(tokenizer, [e.text for e in train], fixed=not pads_to_batch)
    rows: Any = [
        {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": labels(offsets, example.spans, names),
        }
        for ids, mask, offsets, example in zip(
            found["input_ids"],
            found["attention_mask"],
            found["offset_mapping"],
            train,
            strict=True,
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=seed,
            ),
            train_dataset=rows,
            data_collator=DataCollatorForTokenClassification(tokenizer),
        ).train()
    return partial(_argmax, model.eval(), tokenizer)


def _tokenized(tokenizer: Any, texts: Sequence[str], fixed: bool) -> Mapping[str, Any]:
    found: Mapping[str, Any] = tokenizer(
        list(texts),
        truncation=True,
        max_length=PADDED_TOKENS if fixed else 512,
        padding="max_length" if fixed else False,
        return_offsets_mapping=True,
    )
    return found


def _argmax(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[list[Span]]:
    found = []
    for text in texts:
        encoded = tokenizer(text, truncation=True, return_offsets_mapping=True, return_tensors="pt")
        offsets = [(s, e) for s, e in encoded.pop("offset_mapping")[0].tolist()]
        with torch.no_grad():
            best = model(**encoded).logits[0].argmax(-1).tolist()
        inner = [i for i, (start, end) in enumerate(offsets) if start != end]
        tags = [model.config.id2label[best[i]] for i in inner]
        found.append(runs(tags, [offsets[i] for i in inner]))
    return found


def labels(offsets: Offsets, spans: Sequence[Span], names: Sequence[str]) -> list[int]:
    """IOB2 tag ids of tokens; those without characters are ignored by the loss."""
    found = [IGNORED if start == end else 0 for start, end in offsets]
    for span in spans:
        prefix = "B"
        for i, (start, end) in enumerate(offsets):
            if start != end and start < span.end and span.start < end:
                found[i] = names.index(f"{prefix}-{span.label}")
                prefix = "I"
    return found


def runs(tags: Sequence[str], offsets: Offsets) -> list[Span]:
    """Spans of tags, legal or not: a span begins at B-, and at I- after another type or O."""
    found: list[Span] = []
    previous = "O"
    for tag, (start, end) in zip(tags, offsets, strict=True):
        if tag != "O" and tag.startswith("I-") and previous[2:] == tag[2:]:
            found[-1] = Span(found[-1].start, end, tag[2:])
        elif tag != "O":
            found.append(Span(start, end, tag[2:]))
        previous = tag
    return found
