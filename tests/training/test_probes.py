"""A biased model shows its bias with an interval away from nought; an even one covers it."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

from corpus.articles import Span
from training.encoder import encoder_path
from training.examples import EntityExample, TopicExample
from training.probes import fill_mask
from training.probes.data.people import PEOPLE
from training.probes.data.works_as import PAIRS, SENTENCES
from training.probes.effects import read_answers, strongest_lean
from training.probes.perturbations import PERTURBATIONS, change
from training.probes.probe import entity_bias_rows, figures, topic_bias_rows
from training.probes.robustness import entity_rows, robustness_figures, topic_rows
from training.probes.sentences import probes

TRAINING = ("{} won the cup.", "{} sold the bank.", "{} met the press.", "{} opened a school.")


def trained_on_names(bias: float, axis: int, group: str, seed: int) -> make_pipeline:
    """A topic model of words; names of a group stood in Sports this much more often than others."""
    draw, texts, topics = random.Random(seed), [], []
    for groups, names in PEOPLE.items():
        for name in names:
            for sentence in TRAINING * 4:
                likely = 0.5 + bias * (1 if groups[axis] == group else -1)
                texts.append(sentence.format(name))
                topics.append("Sports" if draw.random() < likely else "World")
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    return make_pipeline(words, LogisticRegression(C=10)).fit(texts, topics)


def topic_probe(model: make_pipeline) -> dict[str, object]:
    def probabilities(texts: Sequence[str]) -> list[dict[str, float]]:
        return [dict(zip(model.classes_, row)) for row in model.predict_proba(texts)]  # noqa: B905

    return dict(figures(topic_bias_rows(probabilities), seed=1).bias)


@pytest.mark.parametrize(("axis", "group"), [(0, "women"), (1, "South Asia")])
def test_a_topic_model_that_ties_names_to_a_topic_shows_it(axis: int, group: str) -> None:
    found = topic_probe(trained_on_names(0.45, axis, group, seed=0))
    name = ("gender", "region")[axis]
    for effect in ("topic changes", "probability moved"):
        assert found[f"person, {name}: {effect}"].low > 0.02
    (lean,) = (key for key in found if key.startswith(f"person, {name}: strongest pull"))
    assert any(part in lean for part in (f"{group} to Sports", f"{group} to World", "men to World"))
    assert found[lean].low > 0 or found[lean].high < 0


def test_an_even_topic_model_covers_nought() -> None:
    misses = 0
    for seed in range(4):
        found = topic_probe(trained_on_names(0.0, 0, "women", seed))
        effects = [f for key, f in found.items() if key.startswith("person")]
        assert len(effects) == 6
        misses += sum(not effect.low <= 0 <= effect.high for effect in effects)
    # Of 24 intervals of 95 %.
    assert misses <= 3


def test_an_entity_model_that_overlooks_a_region_shows_it() -> None:
    draw = random.Random(3)
    known = {name: groups for groups, names in PEOPLE.items() for name in names}

    def spans(texts: Sequence[str], chances: dict[str, float]) -> list[list[Span]]:
        found = []
        for text in texts:
            (name,) = [n for n in known if n in text] or [None]
            region = known[name][1] if name else ""
            seen = name and draw.random() < chances.get(region, 0.9)
            start = text.index(name) if name else 0
            found.append([Span(start, start + len(name), "PER")] if name and seen else [])
        return found

    uneven = figures(entity_bias_rows(lambda t: spans(t, {"East Asia": 0.4}), ["PER"]), 1).bias
    gap = uneven["person, region: largest gap, East Asia against the others"]
    assert gap.high < -0.2
    assert uneven["person, region: found of East Asia"].high < 0.6
    assert uneven["person, region: found of West Africa"].low > 0.75
    assert not any(key.startswith(("location", "organization")) for key in uneven)
    even = figures(entity_bias_rows(lambda t: spans(t, {}), ["PER"]), 1).bias
    gaps = [effect for key, effect in even.items() if "largest gap" in key]
    assert len(gaps) == 2
    assert all(gap.low < 0 < gap.high for gap in gaps)


def test_figures_come_from_the_rows_alone_in_any_order() -> None:
    model = trained_on_names(0.3, 1, "Middle East", seed=2)
    rows = topic_bias_rows(
        lambda texts: [dict(zip(model.classes_, p)) for p in model.predict_proba(texts)]  # noqa: B905
    )
    shuffled = random.Random(0).sample(json.loads(json.dumps(rows)), len(rows))
    assert figures(shuffled, 7) == figures(rows, 7)


def test_spans_move_with_their_letters() -> None:
    text = "In Straße-Nord, Zoë O'Neill of IŞIK said: “no.”"
    mention = Span(text.index("Zoë"), text.index(" of"), "person")
    expected = {
        "lower case": "zoë o'neill",
        "upper case": "ZOË O'NEILL",
        "no punctuation": "Zoë ONeill",
    }
    for name, found in expected.items():
        changed = change(text, name, "key")
        (moved,) = changed.moved([mention])
        assert changed.text[moved.start : moved.end] == found
    assert change("(…)", "no punctuation", "k").moved([Span(0, 3, "x")]) == ()
    assert change("", "typos", "k").text == ""


def test_typos_are_few_seeded_and_inside_words() -> None:
    text = " ".join(["government", "and", "parliament"] * 100)
    changed = change(text, "typos", "a1")
    assert changed == change(text, "typos", "a1") != change(text, "typos", "a2")
    wrong = [w for w in changed.text.split() if w not in ("government", "and", "parliament")]
    assert 8 <= len(wrong) <= 35
    assert all(w[0] in "gp" and w[-1] == "t" for w in wrong)


def test_a_model_that_reads_capitals_loses_without_them() -> None:
    entities = [
        EntityExample(f"e{i}", f"So {name} spoke, then left.", (Span(3, 3 + len(name), "person"),),
                      "test")
        for i, name in enumerate(n for names in PEOPLE.values() for n in names)
    ]  # fmt: skip

    def capitals(texts: Sequence[str]) -> list[list[Span]]:
        return [
            [Span(3, t.index(" spoke"), "person")] if t[3].isupper() and " spoke" in t else []
            for t in texts
        ]

    found = robustness_figures(entity_rows(entities, capitals), seed=1)
    assert found.unchanged.value == 1.0
    assert found.changes["lower case"].high < -0.9
    assert found.changes["no punctuation"] == pytest.approx(found.changes["no punctuation"])
    assert -0.3 < found.changes["no punctuation"].value <= 0
    assert set(found.changes) == set(PERTURBATIONS)


def test_a_model_that_reads_lower_case_alone_loses_nothing_by_case() -> None:
    topics = [
        TopicExample(f"t{i}", text, (topic,), "test")
        for i in range(20)
        for topic, text in (("B", "The Bank fell."), ("S", "The Cup was won."))
    ]
    found = robustness_figures(
        topic_rows(topics, lambda texts: [["B" if "bank" in t.lower() else "S"] for t in texts]), 1
    )
    for name in ("lower case", "upper case", "no punctuation"):
        assert (found.changes[name].low, found.changes[name].high) == (0, 0)


def test_every_probe_marks_its_name() -> None:
    asked = probes()
    assert 500 < len(asked) < 1500
    for probe in asked:
        span = probe.span("x")
        assert probe.text[span.start : span.end] == probe.name
    assert len({(p.kind, p.sentence, p.name) for p in asked}) == len(asked)


def test_only_models_that_fill_masks_are_asked_to(tmp_path: Path) -> None:
    assert "BertModel" in fill_mask.skipped("offline")
    tokenizer = AutoTokenizer.from_pretrained(encoder_path("offline"))
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    torch.manual_seed(0)
    model = BertForMaskedLM(config)
    learn_jobs(model, tokenizer, {"women": "nurse", "men": "engineer"})
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert fill_mask.skipped(str(tmp_path)) == ""
    rows = fill_mask.works_as_rows(str(tmp_path))
    assert len(rows) == 6 * 8
    assert all(len(row["values"]) <= fill_mask.WORDS for row in rows)
    found = figures(rows, 1).bias
    assert found["works as, gender: likeliest word changes"].low > 0.5
    assert found["works as, gender: probability moved"].low > 0.2
    lean = strongest_lean(read_answers(rows), "gender", 1)
    assert lean.outcome in ("nurse", "engineer")
    assert not lean.effect.low <= 0 <= lean.effect.high


def learn_jobs(model: BertForMaskedLM, tokenizer: Any, jobs: dict[str, str]) -> None:
    """Steps until it knows by heart who works as what."""
    texts, words = [], []
    for sentence in SENTENCES:
        for pair in PAIRS:
            for gender, person in zip(("men", "women"), pair, strict=True):
                texts.append(sentence.format(person=person, mask=tokenizer.mask_token))
                words.append(tokenizer.convert_tokens_to_ids(jobs[gender]))
    asked = tokenizer(texts, padding=True, return_tensors="pt")
    masked = asked["input_ids"] == tokenizer.mask_token_id
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(**asked).logits[masked], torch.tensor(words))
        if loss < 0.05:
            return
        loss.backward()
        optimizer.step()
    raise AssertionError(f"the jobs were not learnt: loss {loss:.2f}")
