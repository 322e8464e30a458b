"""Cards: what a reader sees comes from the manifest, in every combination of a desk."""

import math
import re
from typing import Any

import pytest
from huggingface_hub import DatasetCard, ModelCard

from corpus.articles import Span
from corpus.errors import DeskError
from publishing.dataset import dataset_features
from publishing.manifest import (
    DatasetManifest,
    ModelManifest,
    Provenance,
    from_json,
    to_json,
    unless_only_code_changed,
)
from publishing.render import (
    NOTES_END,
    NOTES_START,
    check_numbers,
    render_dataset_card,
    render_model_card,
)
from training.evaluation import score_entities, score_topics

TOPICS = ["World", "Sports"]
TYPES = ["person", "place"]
REPO = "lantern/harbour-news"
BOTH = pytest.mark.parametrize("simulated", [True, False], ids=["simulated", "people"])


def provenance(simulated: bool) -> Provenance:
    return Provenance(
        copydesk_version="0.1.0",
        code_revision="0123456789ab",
        desk="harbour",
        desk_digest="ab12cd34ef56",
        guidelines_revisions=["9f8e7d6c", "0a1b2c3d"],
        answers=3812,
        simulated_answers=3812 if simulated else 0,
    )


def dataset_manifest(
    topics: list[str], entities: list[str], simulated: bool, **changes: Any
) -> DatasetManifest:
    """Of a desk that asks for these topics and entity types."""
    facts: dict[str, Any] = {
        "pretty_name": "Harbour News",
        "license": "cc0-1.0",
        "language": "en",
        "source": "harbour.csv",
        "provenance": provenance(simulated),
        "topics": topics,
        "entities": entities,
        "rows": {"train": 1207, "validation": 0, "test": 62},
        "topic_rows": {topic: 600 + i for i, topic in enumerate(topics)},
        "entity_spans": {label: 900 + i for i, label in enumerate(entities)},
        "reviewed": 1275,
        "unresolved": 6,
        "quarantined": 0,
        "annotators": 3,
        "min_submitted": 3,
        "answered_until": "2026-03-01T09:30:00+00:00",
        "rules": {"majority": 1269, "tie": 6},
        "agreement": {"Krippendorff alpha of topics": 2 / 3} if topics else {},
        "acceptance": {"Topic suggestions shown with an answer": 80} if topics else {},
        "agents": ["copydesk/harbour-topics:0123456789ab"],
        "blind_percent": 10.0,
        "blind_rows": 62,
        "split_policy": "Near-duplicates (Jaccard of 0.5 or more) stand in one split.",
        "leaks": 0,
        "files": {"data/train-00000-of-00001.parquet": "00aa"},
    }
    return DatasetManifest(**facts | changes)


def model_manifest(
    kind: str, simulated: bool, scored: bool, benchmark: bool, **changes: Any
) -> ModelManifest:
    """With real scores, in every digit, of a few articles."""
    if kind == "topics":
        scores = score_topics(TOPICS * 5 + ["World"], ["World"] * 11, TOPICS, 1, 50).to_dict()
    else:
        gold = [[Span(0, 3, "person"), Span(5, 9, "place")]] * 3 + [[], [Span(1, 2, "place")]]
        found = [[Span(0, 3, "person")]] * 3 + [[Span(1, 4, "person")], [Span(1, 2, "place")]]
        scores = score_entities(gold, found, TYPES, 1, 50).to_dict()
    facts: dict[str, Any] = {
        "kind": kind,
        "pretty_name": "Harbour News",
        "license": "apache-2.0",
        "language": "en",
        "provenance": provenance(simulated),
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "dataset": REPO,
        "dataset_revision": "0123456789abcdef0123456789abcdef01234567",
        "training_key": "00ff00ff00ff00ff",
        "labels": TOPICS if kind == "topics" else TYPES,
        "settings": {"learning_rate": 2e-05, "max_length_tokens": 128, "per_class": "all"},
        "seed": 42,
        "examples": 1207,
        "diagnosis": "Healthy: training loss falls, and validation does not turn against it.",
        "scores": scores if scored else {},
        "benchmark": scores if benchmark else {},
        "benchmark_name": "harbour.csv, split test",
        "blind_test": True,
        "versions": {"setfit": "1.2.0"},
        "files": {"model.safetensors": "00bb"},
    }
    return ModelManifest(**facts | changes)


def data_card(manifest: DatasetManifest, previous: str | None = None) -> str:
    features = dataset_features(manifest.topics, manifest.entities)
    return render_dataset_card(manifest, REPO, features, previous)


def body_of(card: str) -> str:
    return card.split("\n---\n", 1)[1]


def require_readable(card: str) -> None:
    """What no reader should have to see, in any card."""
    body = body_of(card)
    for word in ("More Information Needed", "None", "nan", "{{", "{%"):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body), word
    # A long float, and a heading that nothing follows.
    assert not re.search(r"\d\.\d{5,}", body)
    assert not re.search(r"^## .*\n\n## ", body, re.MULTILINE)
    assert "\n\n\n\n" not in body


@BOTH
@pytest.mark.parametrize(
    ("topics", "entities"), [(TOPICS, []), ([], TYPES), (TOPICS, TYPES)], ids=["t", "e", "te"]
)
def test_data_set_cards(topics: list[str], entities: list[str], simulated: bool) -> None:
    card = data_card(dataset_manifest(topics, entities, simulated))
    require_readable(card)
    data = DatasetCard(card).data
    assert data.license == "cc0-1.0"
    assert data.size_categories == ["1K<n<10K"]
    assert data.dataset_info["splits"] == [
        {"name": "train", "num_examples": 1207}, {"name": "test", "num_examples": 62},
    ]  # fmt: skip
    assert not {"download_size", "dataset_size"} & set(data.dataset_info)
    files = data.configs[0]["data_files"]
    assert [file["split"] for file in files] == ["train", "test"]
    assert ("simulated" in body_of(card)) is simulated
    assert ("| Topic |" in card) is bool(topics)
    assert ("| Entity type |" in card) is bool(entities)
    assert "| validation | 0, no file |" in card


@BOTH
@pytest.mark.parametrize("kind", ["topics", "entities"])
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
    assert bool(data.eval_results) is scored
    name = "accuracy" if kind == "topics" else "f1"
    if scored:
        value = manifest.scores[name]
        shown = f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
        assert shown in card
        metrics = {r.metric_name: r.metric_value for r in data.eval_results or ()}
        assert metrics[name] == round(value["value"], 4)
    else:
        assert "no score on it" in card
    assert ("harbour.csv, split test" in card) is benchmark
    assert ("simulated" in body_of(card)) is simulated
    assert "![Learning curve](learning_curve.png)" in card


def test_some_simulated_answers_and_no_blind_records_are_said() -> None:
    some = provenance(True).model_copy(update={"simulated_answers": 12})
    manifest = dataset_manifest(TOPICS, [], True, provenance=some, blind_percent=0.0)
    card = data_card(manifest)
    assert "**12 of the 3812 answers were simulated**" in card
    assert "suggestions of `copydesk/harbour-topics:0123456789ab`" in card
    assert "beside the articles of the test split, too" in card
    unseen = data_card(dataset_manifest(TOPICS, [], False, agents=[], blind_percent=0.0))
    assert "Annotators saw no suggestions." in unseen
    assert "`9f8e7d6c`, `0a1b2c3d`" in card
    model = model_manifest("topics", True, True, False, provenance=some, blind_test=False)
    assert "without seeing suggestions" not in render_model_card(model, REPO)


def test_labels_may_be_called_none_or_inf() -> None:
    labels = ["None of these", "inf", "nan", "Web 3.0"]
    card = data_card(dataset_manifest(labels, [], simulated=False))
    assert all(f"| {label} |" in card for label in labels)


def test_a_figure_that_was_not_measured_stops_the_card() -> None:
    manifest = dataset_manifest(TOPICS, [], False, agreement={"alpha": math.nan})
    with pytest.raises(DeskError, match="holds nan"):
        data_card(manifest)


def test_the_same_content_is_not_new_because_code_or_libraries_are() -> None:
    for old in (dataset_manifest(TOPICS, [], False), model_manifest("topics", False, True, True)):
        later = old.provenance.model_copy(update={"code_revision": "fedcba987654"})
        new: Any = old.model_copy(update={"provenance": later})
        assert unless_only_code_changed(new, to_json(old)) == old
        other = new.model_copy(update={"license": "mit"})
        assert unless_only_code_changed(other, to_json(old)) == other
        assert unless_only_code_changed(new, None) == new
        assert unless_only_code_changed(new, "no json") == new


def test_a_forged_number_stops_the_card() -> None:
    manifest = dataset_manifest(TOPICS, TYPES, simulated=False)
    body = body_of(data_card(manifest))
    check_numbers(body, manifest, REPO)
    with pytest.raises(DeskError, match=r"shows 0\.999, which is not in its manifest"):
        check_numbers(body + "\nAccuracy is 0.999.", manifest, REPO)
    # Numbers in code are no claims.
    check_numbers(body + "\n`seed=999`", manifest, REPO)


def test_what_people_wrote_survives() -> None:
    manifest = dataset_manifest(TOPICS, TYPES, simulated=False)
    first = data_card(manifest)
    edited = first.replace(NOTES_START, f"{NOTES_START}\nAsk Ada on floor 7.", 1)
    again = data_card(manifest, previous=edited)
    assert "Ask Ada on floor 7." in again
    assert again.count(NOTES_START) == again.count(NOTES_END) == 1
    assert data_card(manifest, previous=again) == again
    foreign = data_card(manifest, previous="---\nlicense: mit\n---\n# Written on the Hub\n")
    assert "# Written on the Hub" in foreign
    assert "license: mit" not in foreign


@pytest.mark.parametrize("kind", ["dataset", "topics", "entities"])
def test_manifests_read_back_as_they_were(kind: str) -> None:
    manifest: DatasetManifest | ModelManifest
    if kind == "dataset":
        manifest = dataset_manifest(TOPICS, TYPES, simulated=True)
    else:
        manifest = model_manifest(kind, True, True, True)
    assert from_json(to_json(manifest)) == manifest
    assert to_json(from_json(to_json(manifest))) == to_json(manifest)
