"""Cards of data sets, in every combination of a desk."""

import re

import pytest
from huggingface_hub import DatasetCard

from corpus.errors import DeskError
from publishing.local_card import card_html
from publishing.manifest_parts import License
from publishing.render import render_model_card
from tests.publishing.manifests import REPO, dataset_manifest, model_manifest
from tests.publishing.readable import (
    body_of,
    data_card,
    labels_of,
    require_readable,
    require_tables,
)
from tests.publishing.reviews import desk

BOTH = pytest.mark.parametrize("simulated", [True, False], ids=["simulated", "people"])


@BOTH
@pytest.mark.parametrize(
    ("topics", "entities"), [(True, False), (False, True), (True, True)], ids=["t", "e", "te"]
)
def test_data_set_cards(topics: bool, entities: bool, simulated: bool) -> None:
    manifest = dataset_manifest(topics, entities, simulated)
    card = data_card(manifest)
    require_readable(card)
    data = DatasetCard(card).data
    assert data.license == "cc0-1.0"
    assert data.size_categories == ["n<1K"]
    asked = {"text-classification": topics, "token-classification": entities}
    assert data.task_categories == [
        *(t for t, is_asked in asked.items() if is_asked),
        "text-generation",
    ]
    infos = {info["config_name"]: info for info in data.dataset_info}
    assert [s["name"] for s in infos["default"]["splits"]] == ["train", "test"]
    assert [config["config_name"] for config in data.configs] == [
        "default", "responses", "disagreements", "sft",
    ]  # fmt: skip
    assert ("simulated" in body_of(card)) is simulated
    assert ("| Topic |" in card) is topics
    assert ("| Entity type |" in card) is entities
    assert "| validation | none, no file |" in card
    assert "> # Rules" in card
    assert "| Sports | games \\| matches |" in card or not topics


def test_some_simulated_answers_and_no_suggestions_are_said() -> None:
    manifest = dataset_manifest()
    some = manifest.answers.model_copy(update={"simulated": 12})
    card = data_card(manifest.model_copy(update={"answers": some}))
    assert "**12 of the 36 answers were simulated**" in card
    nothing = manifest.suggestions.model_copy(update={"topics_shown": 0, "spans_shown": 0})
    assert "Annotators saw no suggestions." in data_card(
        manifest.model_copy(update={"suggestions": nothing})
    )
    model = model_manifest(blind_test=False)
    assert "without seeing suggestions" not in render_model_card(model, REPO)


def test_labels_may_be_called_none_or_inf_and_hold_bars() -> None:
    labels = {"None of these": "x", "inf": "y", "Web 3.0": "a | b\nc"}
    card = data_card(dataset_manifest().model_copy(update={"topics": labels_of(labels)}))
    assert all(f"| {label} |" in card for label in labels)
    assert "| Web 3.0 | a \\| b c |" in card
    require_tables(body_of(card))


def test_a_licence_must_be_set() -> None:
    with pytest.raises(ValueError, match="at least 1 character"):
        License(id="")
    with pytest.raises(DeskError, match=r"publish\.license: .* is no licence identifier"):
        desk(**{"publish.license": ""})
    with pytest.raises(DeskError, match="needs license_name and license_link"):
        desk(**{"publish.license": "other"})
    named = License(id="other", name="Wire contract", link="https://example.org/wire")
    card = data_card(dataset_manifest(license=named))
    assert "`other` (Wire contract): <https://example.org/wire>" in card
    assert DatasetCard(card).data.license_name == "Wire contract"


def test_a_page_of_a_card_stands_alone() -> None:
    page = card_html(data_card(dataset_manifest()), REPO)
    assert "<td>Sports</td>" in page
    assert "<dt>license</dt><dd>cc0-1.0</dd>" in page
    assert "<!-- notes" not in page
    assert "http" not in re.sub(r'href="[^"]*"', "", page.split("</style>")[0])
    hostile = dataset_manifest(pretty_name="<script>alert(1)</script>")
    assert "<script>" not in card_html(data_card(hostile), REPO)


def test_what_is_said_of_blind_articles_is_what_they_are() -> None:
    manifest = dataset_manifest()
    said = "The test split is made of such articles alone."
    assert manifest.splits.blind_test
    assert said in data_card(manifest)
    # Splits stay, also when the desk asks otherwise later.
    mixed = manifest.splits.model_copy(update={"blind_test": False})
    card = data_card(manifest.model_copy(update={"splits": mixed}))
    assert said not in card
    assert "Suggestions stood beside articles of the test split, too." in card
    nobody = manifest.suggestions.model_copy(update={"agents": []})
    unnamed = data_card(manifest.model_copy(update={"suggestions": nobody}))
    assert "Beside the articles stood suggestions." in unnamed


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"majority": 3, "single": 1}, "the label of the majority is gold, and a tie"),
        ({"dawid-skene": 3}, "how often each annotator errs"),
        ({"trusted": 2, "majority": 1}, "trusted annotators is gold where they answered"),
        ({"majority": 2, "adjudicated": 1}, "an adjudicator's answer wins over all others, and a"),
    ],
)
def test_the_card_says_by_which_rule_answers_became_gold(rules: dict[str, int], said: str) -> None:
    manifest = dataset_manifest()
    review = manifest.review.model_copy(update={"rules": rules})
    card = data_card(manifest.model_copy(update={"review": review}))
    assert said in " ".join(card.split())
    require_readable(card)
