"""Any encoder, any text: what a model says is always a set of clean spans of that text."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import pipeline

from corpus.articles import ReviewedArticle, ScoredSpan, Span
from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings
from tests.training.encoders import POSITIONS
from training.entities.encode import encode
from training.entities.predict import EntityModel, load_entity_model, predict_entities, spans_of
from training.entities.schemes import allowed_transitions, tag_names, viterbi
from training.entities.train import train_entities
from training.evaluation import micro_f1
from training.examples import entity_examples
from training.results import TrainedModel

TYPES = ["person", "place"]
QUICK = EntityModelSettings(
    epochs=20,
    early_stopping_epochs=0,
    batch_size=2,
    learning_rate=5e-3,
    max_length_tokens=512,
    stride_tokens=16,
)
KINDS = ["uncased", "cased", "roberta", "deberta"]
PIECES = [
    "Ada",
    " ",
    "\r\n",
    "\u00a0",
    "🎉",
    "👩‍🚀",
    "e\u0301",
    "שלום",
    "مرحبا",
    "北京",
    "\u200f",
    ".",
]
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


@pytest.fixture(scope="module")
def trained(
    tiny_encoders: dict[str, str],
    tiny_gold: list[ReviewedArticle],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, TrainedModel]:
    folder = tmp_path_factory.mktemp("trained")
    examples = entity_examples(tiny_gold)
    return {
        kind: train_entities(examples, TYPES, QUICK, tiny_encoders[kind], 7, folder / kind)
        for kind in KINDS
    }


@pytest.fixture(scope="module")
def models(trained: dict[str, TrainedModel]) -> dict[str, EntityModel]:
    return {kind: load_entity_model(str(found.folder)) for kind, found in trained.items()}


def is_clean(text: str, spans: tuple[ScoredSpan, ...]) -> bool:
    """In order, inside the text, apart, trimmed, with probabilities."""
    ends = [0, *(span.end for span in spans)]
    return all(
        end <= span.start < span.end <= len(text)
        and text[span.start : span.end] == text[span.start : span.end].strip()
        and 0 < span.score <= 1
        for end, span in zip(ends, spans, strict=False)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_encoder_learns(
    models: dict[str, EntityModel], tiny_gold: list[ReviewedArticle], kind: str
) -> None:
    examples = [e for e in entity_examples(tiny_gold) if e.split == "test"]
    found = predict_entities(models[kind], [e.text for e in examples])
    spans = [tuple(s.span() for s in spans) for spans in found]
    assert micro_f1([e.spans for e in examples], spans) > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_pipeline_gives_the_same_spans(
    trained: dict[str, TrainedModel],
    models: dict[str, EntityModel],
    tiny_gold: list[ReviewedArticle],
    kind: str,
) -> None:
    texts = [r.article.text for r in tiny_gold]
    tagger: Any = pipeline(
        "token-classification", model=str(trained[kind].folder), aggregation_strategy="simple"
    )
    plain = [
        [
            Span(e["start"] + (text[e["start"]] == " "), e["end"], e["entity_group"])
            for e in tagger(text)
        ]
        for text in texts
    ]
    ours = [[s.span() for s in spans] for spans in predict_entities(models[kind], texts)]
    assert micro_f1(ours, plain) > 0.9


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS)
def test_spans_of_any_text_are_clean(models: dict[str, EntityModel], kind: str, text: str) -> None:
    for seen in (text, f"{text} Ada Okafor sold {text}"):
        assert is_clean(seen, predict_entities(models[kind], [seen])[0])


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS, seed=st.integers(0, 1000))
def test_even_a_model_that_talks_nonsense_gives_clean_spans(
    models: dict[str, EntityModel], kind: str, text: str, seed: int
) -> None:
    tags = models[kind].tags
    encoded = encode(models[kind].tokenizer, [text], None, TYPES, 16, 4)
    draw = np.random.default_rng(seed)
    rows = [np.log(draw.dirichlet(np.ones(len(tags)), len(w.input_ids))) for w in encoded.windows]
    spans = spans_of([text], encoded.windows, rows, tags)[0]
    assert is_clean(text, spans)


@pytest.mark.parametrize("kind", KINDS)
def test_long_articles_keep_their_end(
    trained: dict[str, TrainedModel], models: dict[str, EntityModel], kind: str
) -> None:
    """The settings ask for windows of 512 tokens; these encoders have 64 positions."""
    assert models[kind].window_tokens in (POSITIONS - 2, POSITIONS)
    text = "Ada Okafor sold the Wexmoor bank; its shares fell and profits sank. " * 250
    spans = predict_entities(models[kind], [text])[0]
    assert is_clean(text, spans)
    assert max(span.end for span in spans) > len(text) - 70
    assert len(spans) > 100


def test_half_a_pair_is_no_obstacle(models: dict[str, EntityModel]) -> None:
    text = "\ud83d Ada Okafor sold the Wexmoor bank; its shares fell and profits sank."
    assert is_clean(text, predict_entities(models["uncased"], [text])[0])


@given(seed=st.integers(0, 10_000), length=st.integers(1, 30))
def test_no_illegal_sequence_is_ever_decoded(seed: int, length: int) -> None:
    names = tag_names(TYPES)
    rows = np.log(np.random.default_rng(seed).dirichlet(np.ones(len(names)) * 0.3, length))
    tags = viterbi(rows, names)
    steps = allowed_transitions(names)
    assert not names[tags[0]].startswith("I-")
    assert all(steps[a, b] == 0 for a, b in pairwise(tags))


def test_a_model_of_other_tags_is_refused(models: dict[str, EntityModel], tmp_path: Path) -> None:
    model = models["cased"]
    model.model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text(encoding="utf-8")
    (tmp_path / "config.json").write_text(config.replace("B-person", "L-person"), "utf-8")
    with pytest.raises(DeskError, match="L-person"):
        load_entity_model(str(tmp_path))


def test_an_entity_type_nobody_named_is_refused(
    tiny_gold: list[ReviewedArticle], tiny_encoders: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(DeskError, match=r"'place'.* not among"):
        train_entities(
            entity_examples(tiny_gold), ["person"], QUICK, tiny_encoders["cased"], 1, tmp_path
        )
