"""Cards of models: one for each kind, with the sections whose figures exist."""

import pytest
from huggingface_hub import ModelCard

from publishing.manifest_parts import (
    Calibration,
    Comparison,
    DatasetChanges,
    Estimate,
    Gate,
    ModelChanges,
    ReliabilityBin,
    ScoreChange,
    ScoreDifference,
)
from publishing.render import render_model_card
from tests.publishing.manifests import REPO, dataset_manifest, model_manifest
from tests.publishing.readable import body_of, data_card, require_readable

BOTH = pytest.mark.parametrize("simulated", [True, False], ids=["simulated", "people"])
HALF = Estimate(value=0.5, low=0.25, high=0.75)
DIFFERENCE = ScoreDifference(old=0.9, new=0.8, difference=HALF, support=12)
GATE = Gate(
    verdict="keep",
    rule="against the published model",
    reasons=["It is worse: 0.9 → 0.8."],
    forced=True,
    against="v2",
    against_revision="0123456789ab",
    test_articles=40,
    test_digest="0c" * 8,
    score="accuracy",
    overall=DIFFERENCE,
    better_percent=1.5,
    labels={"World": DIFFERENCE},
    floor_labels=["World"],
    minimum_test=30,
    margin=0.02,
    label_floor=0.1,
    label_support=20,
)


def test_a_fine_tuned_topic_model_is_no_setfit_model() -> None:
    card = render_model_card(model_manifest("topics", library="transformers"), REPO)
    require_readable(card)
    assert 'pipeline("text-classification"' in card
    assert "setfit" not in card.lower()


def test_a_score_of_nothing_is_called_not_defined_and_is_not_indexed() -> None:
    found = model_manifest("entities")
    none = dict.fromkeys(("precision", "recall", "f1", "macro_f1"))
    schemes = {"type": dict.fromkeys(("precision", "recall", "f1"))}
    part = {"by": "source", "part": "harbour", "n": 20, "score": None}
    scores = {**found.scores, **none, "schemes": schemes, "slices": [part]}
    card = render_model_card(found.model_copy(update={"scores": scores}), REPO)
    require_readable(card)
    assert "| F1 | not defined |" in card
    assert "| not defined | not defined | not defined |" in card
    assert "| source | harbour | 20 | not defined |" in card
    assert not ModelCard(card).data.eval_results
    assert "metrics" not in ModelCard(card).data.to_dict()


@BOTH
@pytest.mark.parametrize("kind", ["topics", "entities", "instructions"])
@pytest.mark.parametrize(
    ("scored", "benchmark"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_model_cards(kind: str, scored: bool, benchmark: bool, simulated: bool) -> None:
    manifest = model_manifest(kind, simulated, scored, benchmark)
    card = render_model_card(manifest, REPO)
    require_readable(card)
    data = ModelCard(card).data
    assert data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert data.datasets == [REPO]
    assert data.library_name == manifest.library
    assert bool(data.eval_results) is scored
    name = {"topics": "accuracy", "entities": "f1", "instructions": "topic_accuracy"}[kind]
    if scored:
        value = manifest.scores[name]
        shown = f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
        assert shown in card
        metrics = {r.metric_name: r.metric_value for r in data.eval_results or ()}
        assert metrics[name.replace("_", "-")] == round(value["value"], 4)
        link = "/datasets/lantern/harbour-news/viewer/default/test?f%5Bid%5D%5Bvalue%5D="
        assert f"({link}%2700000000000000aa%27) The \\| cup" in card
    else:
        assert "no score on it" in card
    assert ("harbour.csv, split test" in card) is benchmark
    assert ("simulated" in body_of(card)) is simulated
    assert "55.25 CPU seconds (31.5 by the clock)" in card
    assert ("![Confusion of topics]" in card) is (kind == "topics" and scored)


def test_a_model_with_code_of_its_own_says_how_it_is_loaded() -> None:
    manifest = model_manifest("entities")
    assert "trust_remote_code" not in render_model_card(manifest, REPO)
    settings = {**manifest.training.settings, "method": "frozen"}
    training = manifest.training.model_copy(update={"settings": settings})
    card = render_model_card(manifest.model_copy(update={"training": training}), REPO)
    assert "    trust_remote_code=True,  # modeling_frozen_tagger.py" in card


@pytest.mark.parametrize(
    ("asked", "column", "classified", "meant"),
    [
        (("topic: ", "entity: "), "Topic and entity model", "topic and entity model\nare those",
         "topic and entities"),
        (("topic: ",), "Topic model", "topic model\nis the one", "the topic"),
        (("entity: ",), "Entity model", "entity model\nis the one", "entities"),
    ],
)  # fmt: skip
def test_an_instruction_model_is_compared_by_what_it_was_asked(
    asked: tuple[str, ...], column: str, classified: str, meant: str
) -> None:
    both = model_manifest("instructions")
    labels = {k: v for k, v in both.labels.items() if k.startswith(asked)}
    scores = {k: both.scores[k] for k in ("n", "topic_accuracy")}
    sft = scores | {"difference": HALF.model_dump()}
    compared = Comparison(base=scores, classifiers=scores, sft=sft)
    changed = both.model_copy(update={"labels": labels, "comparison": compared, "scores": scores})
    card = render_model_card(changed, REPO)
    require_readable(card)
    assert f"| Score | This model | Before GRPO | Base model | {column} |\n" in card
    assert f"; {classified} that the desk trained on the same review" in card
    assert f"Meant for extracting {meant} from news" in card
    named = "entity: " in asked
    assert ("spans taken as text and type" in card) is named
    assert ("were won by inventing names" in card) is named
    assert ("It can answer with entities that are not in the text" in card) is named
    assert ('article = "Cup final tonight' in card) is ("topic: " in asked)


def test_a_card_says_what_grpo_would_have_changed() -> None:
    both = model_manifest("instructions")
    scores = {k: both.scores[k] for k in ("n", "topic_accuracy")}
    compared = Comparison(base={}, classifiers={}, grpo=scores | {"difference": HALF.model_dump()})
    card = render_model_card(both.model_copy(update={"comparison": compared}), REPO)
    require_readable(card)
    assert "| Score | This model | After GRPO |\n" in card
    assert "**GRPO was tried**: by it the F1 of all that answers say changes by 0.500" in card


def test_corrected_articles_are_not_said_to_be_published() -> None:
    plain = model_manifest("instructions")
    assert "an earlier model" not in render_model_card(plain, REPO)
    settings = {**plain.training.settings, "chats_corrected": 7}
    training = plain.training.model_copy(update={"settings": settings})
    card = render_model_card(plain.model_copy(update={"training": training}), REPO)
    require_readable(card)
    assert "(7 of them not: people corrected what an earlier model answered), start" in card


def test_sections_appear_with_their_figures() -> None:
    plain = model_manifest()
    headings = ("## Calibration", "## Bias probe", "## Changes", "## Gate", "## Parts of the test")
    for heading in headings:
        assert heading not in render_model_card(plain, REPO)
        assert heading.replace("Calibration", "Changes") not in data_card(dataset_manifest())
    full = plain.model_copy(
        update={
            "calibration": Calibration(
                method="scaled by a temperature",
                n=40,
                error=HALF,
                chance=0.125,
                bins=[ReliabilityBin(confidence=0.75, accuracy=HALF, n=20)],
            ),
            "scores": plain.scores
            | {
                "slices": [
                    {"by": "source", "part": "a | b", "n": 21, "score": HALF.model_dump()},
                ]
            },
            "gate": GATE,
            "bias_probe": {"Swapped names": HALF},
            "changes": ModelChanges(
                since="v2",
                scores={"accuracy": ScoreChange(old=0.25, new=0.5)},
                same_test=False,
                examples_before=1100,
                settings=["learning_rate"],
            ),
        }
    )
    card = render_model_card(full, REPO)
    require_readable(card)
    assert "Probabilities are scaled by a temperature. Over bins with as many articles" in card
    assert "at their word was not measured" not in card
    assert "| 0.750 | 0.500 [0.250, 0.750] | 20 |" in card
    assert "| source | a \\| b | 21 | 0.500 [0.250, 0.750] |" in card
    assert all(heading in card for heading in headings)
    assert "**keep**. It was published by hand all the same.\n\n- It is worse: 0.9 → 0.8." in card
    assert "| F1 of World | 0.900 | 0.800 | 0.500 [0.250, 0.750] | 12 |" in card
    assert "| Swapped names | 0.500 [0.250, 0.750] |" in card
    assert "| Accuracy | 0.250 | 0.500 |" in card
    assert "other values of `learning_rate`" in card
    changes = DatasetChanges(since="v1", added=4, removed=3, relabelled=2, moved=0)
    assert "| With other labels | 2 |" in data_card(dataset_manifest(changes=changes))
