"""Cards: what a reader sees comes from the manifest, in every combination of a desk."""

import json
import math
import re
from typing import Any

import pytest
from huggingface_hub import DatasetCard, ModelCard

from corpus.errors import DeskError
from publishing import figures
from publishing.local_card import card_html
from publishing.manifest import (
    DatasetManifest,
    Manifest,
    from_json,
    read_manifest,
    same_content,
    to_json,
)
from publishing.manifest_parts import (
    Calibration,
    DatasetChanges,
    Estimate,
    Gate,
    License,
    ModelChanges,
    ReliabilityBin,
    ScoreChange,
    ScoreDifference,
)
from publishing.render import card_figures, render_dataset_card, render_model_card
from tests.publishing.manifests import REPO, configs_of, dataset_manifest, model_manifest
from tests.publishing.reviews import TOPICS, TYPES, desk

BOTH = pytest.mark.parametrize("simulated", [True, False], ids=["simulated", "people"])
HALF = Estimate(value=0.5, low=0.25, high=0.75)


def data_card(manifest: DatasetManifest, previous: str | None = None) -> str:
    # Of a desk's labels the configurations take the names alone; definitions are the manifest's.
    topics, entities = (dict.fromkeys(names, "x") for names in (manifest.topics, manifest.entities))
    about = desk(**{"labels.topics": topics, "labels.entities": entities})
    return render_dataset_card(manifest, REPO, configs_of(about), previous)


def body_of(card: str) -> str:
    return card.split("\n---\n", 1)[1]


def require_readable(card: str) -> None:
    """What no reader should have to see, in any card."""
    body = body_of(card)
    for word in ("More Information Needed", "None", "nan", "{{", "{%", "Undefined"):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body), word
    # A long float, a heading that nothing follows, a mark of a figure.
    assert not re.search(r"\d\.\d{5,}", body)
    assert not re.search(r"^## .*\n\n## ", body, re.MULTILINE)
    assert "\n\n\n\n" not in body
    assert not re.search("[\ue000-\ue002]", body)
    require_tables(body)


def require_tables(body: str) -> None:
    """Every row of a table has as many cells as its head."""
    width = 0
    for line in [*re.sub(r"```.*?```", "", body, flags=re.DOTALL).splitlines(), ""]:
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


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
    infos = {info["config_name"]: info for info in data.dataset_info}
    assert [s["name"] for s in infos["default"]["splits"]] == ["train", "test"]
    assert [config["config_name"] for config in data.configs] == [
        "default", "responses", "disagreements",
    ]  # fmt: skip
    assert ("simulated" in body_of(card)) is simulated
    assert ("| Topic |" in card) is topics
    assert ("| Entity type |" in card) is entities
    assert "| validation | none, no file |" in card
    assert "> # Rules" in card
    assert "| Sports | games \\| matches |" in card or not topics


def test_a_fine_tuned_topic_model_is_no_setfit_model() -> None:
    card = render_model_card(model_manifest("topics", library="transformers"), REPO)
    require_readable(card)
    assert 'pipeline("text-classification"' in card
    assert "setfit" not in card.lower()


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
        assert "(/datasets/lantern/harbour-news/viewer/default/test?row=7) The \\| cup" in card
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


def labels_of(definitions: dict[str, str]) -> dict[str, Any]:
    part = next(iter(dataset_manifest().topics.values()))
    return {n: part.model_copy(update={"definition": d}) for n, d in definitions.items()}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_was_not_measured_stops_the_card(value: float) -> None:
    manifest = model_manifest()
    scores = manifest.scores | {"accuracy": {"value": value, "low": 0.1, "high": 0.2}}
    with pytest.raises(DeskError, match="/scores/accuracy/value"):
        render_model_card(manifest.model_copy(update={"scores": scores}), REPO)


def test_every_shown_value_stands_under_its_key() -> None:
    manifests: list[Manifest] = [
        dataset_manifest(), model_manifest("topics", benchmark=True), model_manifest("entities"),
    ]  # fmt: skip
    for manifest in manifests:
        content = json.loads(to_json(manifest))
        shown = card_figures(manifest, REPO)
        assert len(shown) > 60
        for item in shown:
            if item.key.startswith(("/repo_id", "/owner")):
                continue
            value = at_pointer(content, item.key)
            assert item.text.replace("\\|", "|") in written(value), item


def at_pointer(content: Any, pointer: str) -> Any:
    """RFC 6901, and ``#`` at the end for the name itself."""
    name = ""
    for part in pointer.removesuffix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        content = content[int(name)] if isinstance(content, list) else content[name]
    return name if pointer.endswith("#") else content


def written(value: Any) -> set[str]:
    if isinstance(value, float):
        return {f"{value:.3f}", f"{value:g}"}
    text = str(value)
    quoted = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
    return {text, text[:10], text[:4], quoted}


def test_a_number_without_a_key_stops_the_card() -> None:
    with pytest.raises(DeskError, match=r"shows 0\.999, which stands under no key"):
        figures.require_keys("Accuracy is 0.999.")
    # Numbers in code and names are no claims.
    figures.require_keys("`seed=999`, F1, [x](/a/12), v1\n```python\nn = 3\n```\n")
    total = figures.keyed({"a": 2, "b": 3})
    assert figures.shown_figures(figures.marked(total["a"])) == [figures.Shown("/a", "2")]
    with pytest.raises(DeskError, match="no figure of its manifest"):
        figures.marked(total["a"] + total["b"])


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


def test_the_same_content_is_not_new_because_code_is() -> None:
    olds: list[Manifest] = [dataset_manifest(), model_manifest()]
    for old in olds:
        later = old.provenance.model_copy(update={"code_revision": "fedcba987654"})
        new: Any = old.model_copy(update={"provenance": later})
        assert same_content(new, read_manifest(to_json(old)))
        assert not same_content(new.model_copy(update={"language": "de"}), old)
        assert not same_content(new, None)
        assert not same_content(new, read_manifest("no json"))


def test_a_page_of_a_card_stands_alone() -> None:
    page = card_html(data_card(dataset_manifest()), REPO)
    assert "<td>Sports</td>" in page
    assert "<dt>license</dt><dd>cc0-1.0</dd>" in page
    assert "<!-- notes" not in page
    assert "http" not in re.sub(r'href="[^"]*"', "", page.split("</style>")[0])
    hostile = dataset_manifest(pretty_name="<script>alert(1)</script>")
    assert "<script>" not in card_html(data_card(hostile), REPO)


@pytest.mark.parametrize("kind", ["dataset", "topics", "entities", "instructions"])
def test_manifests_read_back_as_they_were(kind: str) -> None:
    manifest: Manifest = dataset_manifest() if kind == "dataset" else model_manifest(kind)
    assert from_json(to_json(manifest)) == manifest
    assert to_json(from_json(to_json(manifest))) == to_json(manifest)
    assert set(TOPICS) | set(TYPES)


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
