"""Topic models that are really trained, saved, and loaded by SetFit itself."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image
from setfit import SetFitModel

from corpus.articles import ReviewedArticle, model_input
from corpus.errors import DeskError
from corpus.settings.models import TopicModelSettings
from training.classification.contrast import MOST_STEPS, Schedule, schedule, trial_schedule
from training.classification.data import choose_examples
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.classification.zero_shot import zero_shot_topics
from training.examples import topic_examples
from training.results import TrainedModel

# World has no example: a desk begins with topics that nobody met yet.
TOPICS = ["World", "Sports", "Business"]
SMALL = TopicModelSettings(
    method="setfit",
    per_class=8,
    pairs_per_example=1,
    max_steps=4,
    batch_size=4,
    max_length_tokens=32,
)


@pytest.fixture(scope="module")
def trained(
    tiny_gold: list[ReviewedArticle], tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainedModel, list[tuple[int, int]]]:
    progress: list[tuple[int, int]] = []
    found = train_topics(
        topic_examples(tiny_gold),
        TOPICS,
        SMALL,
        "offline",
        7,
        tmp_path_factory.mktemp("topics") / "model",
        lambda step, total: progress.append((step, total)),
    )
    return found, progress


def held_out(gold: list[ReviewedArticle]) -> list[ReviewedArticle]:
    return [r for r in gold if r.split == "test"]


def test_setfit_loads_it_and_says_topic_names(
    trained: tuple[TrainedModel, list[tuple[int, int]]], tiny_gold: list[ReviewedArticle]
) -> None:
    test = held_out(tiny_gold)
    model = SetFitModel.from_pretrained(str(trained[0].folder))
    assert model.labels == TOPICS
    assert list(model.predict([model_input(r.article) for r in test])) == [r.topic for r in test]


def test_our_predictions_equal_those_of_setfit(
    trained: tuple[TrainedModel, list[tuple[int, int]]], tiny_gold: list[ReviewedArticle]
) -> None:
    texts = [model_input(r.article) * (1 + i % 3) for i, r in enumerate(tiny_gold[:12])]
    model = load_topic_model(str(trained[0].folder))
    found = predict_topics(model, texts)
    setfit = SetFitModel.from_pretrained(str(trained[0].folder))
    assert [p.topic for p in found] == list(setfit.predict(texts))
    for prediction, row in zip(found, setfit.predict_proba(texts, as_numpy=True), strict=True):
        assert list(prediction.probabilities.values()) == pytest.approx(row.tolist(), abs=1e-6)
        assert prediction.topics == (prediction.topic,)
    for prediction in found:
        assert prediction.score == max(prediction.probabilities.values())
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert set(prediction.probabilities) == {"Sports", "Business"}


def test_no_text_no_prediction(trained: tuple[TrainedModel, list[tuple[int, int]]]) -> None:
    assert predict_topics(load_topic_model(str(trained[0].folder)), []) == []


def test_facts_of_the_training(trained: tuple[TrainedModel, list[tuple[int, int]]]) -> None:
    found, progress = trained
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (found.kind, found.examples, found.seed) == ("topics", 16, 7)
    assert found.settings["max_steps"] == 4
    assert json.loads(json.dumps(found.settings)) == found.settings
    with Image.open(found.curve_png) as image:
        assert image.size == (1200, 700)
    assert found.diagnosis.startswith("Too little data: 16 examples")
    assert json.dumps([asdict(point) for point in found.curve])


def test_the_curve_holds_losses_and_scores(
    trained: tuple[TrainedModel, list[tuple[int, int]]],
) -> None:
    curve = trained[0].curve
    assert [p.step for p in curve if p.validation_score is not None] == [0, 1, 3, 4]
    assert len([p for p in curve if p.train_loss is not None]) == 4


def test_no_article_is_quoted_in_the_folder(
    trained: tuple[TrainedModel, list[tuple[int, int]]], tiny_gold: list[ReviewedArticle]
) -> None:
    readable = [p for p in trained[0].folder.rglob("*") if p.suffix in {".md", ".json", ".txt"}]
    assert readable
    for file in readable:
        content = file.read_text(encoding="utf-8")
        assert not any(r.article.text in content for r in tiny_gold)
        assert str(trained[0].folder) not in content


def test_the_same_seed_gives_the_same_model(
    trained: tuple[TrainedModel, list[tuple[int, int]]],
    tiny_gold: list[ReviewedArticle],
    tmp_path: Path,
) -> None:
    # Reversed: the order in which articles arrive must not matter either.
    again = train_topics(
        topic_examples(tiny_gold[::-1]), TOPICS, SMALL, "offline", 7, tmp_path / "again"
    )
    assert weights(again.folder) == weights(trained[0].folder)
    texts = [model_input(r.article) for r in held_out(tiny_gold)]
    first, second = (
        predict_topics(load_topic_model(str(folder)), texts)
        for folder in (trained[0].folder, again.folder)
    )
    assert first == second


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_one_topic_is_refused_with_counts(tiny_gold: list[ReviewedArticle], tmp_path: Path) -> None:
    only = [r for r in tiny_gold if r.topic == "Sports" or r.split == "test"]
    with pytest.raises(DeskError, match=r"World: 0, Sports: 16, Business: 0") as error:
        train_topics(topic_examples(only), TOPICS, SMALL, "offline", 7, tmp_path / "model")
    assert "copydesk pull" in error.value.next_step
    assert not (tmp_path / "model").exists()


def test_only_resolved_training_articles_are_chosen(tiny_gold: list[ReviewedArticle]) -> None:
    gold = [replace(r, topic=None) if i % 4 == 0 else r for i, r in enumerate(tiny_gold)]
    chosen = choose_examples(topic_examples(gold), TOPICS, None, seed=1)
    assert {e.split for e in chosen} == {"train"}
    assert len(chosen) == sum(r.split == "train" and r.topic is not None for r in gold)


def test_choice_is_stable_limited_and_seeded(tiny_gold: list[ReviewedArticle]) -> None:
    def ids(gold: list[ReviewedArticle], seed: int) -> list[str]:
        return [e.id for e in choose_examples(topic_examples(gold), TOPICS, 3, seed)]

    assert len(ids(tiny_gold, 1)) == 6
    assert ids(tiny_gold, 1) == ids(tiny_gold[::-1], 1)
    assert ids(tiny_gold, 1) != ids(tiny_gold, 2)


@pytest.mark.parametrize(
    ("texts", "steps"), [(8, 10), (40, 12), (80, 25), (256, 25), (100_000, 25)]
)
def test_cost_is_bounded_whatever_the_size(texts: int, steps: int) -> None:
    assert schedule(TopicModelSettings(), texts).steps == steps <= MOST_STEPS


@pytest.mark.parametrize(("steps", "tried"), [(3, 3), (10, 5), (25, 5), (200, 40)])
def test_a_trial_has_a_fifth_of_the_steps(steps: int, tried: int) -> None:
    plan = Schedule(steps, 32, 1e-4)
    assert trial_schedule(plan) == Schedule(tried, 32, 1e-4)


def test_the_desk_may_ask_for_more_steps() -> None:
    settings = TopicModelSettings(pairs_per_example=20, max_steps=200)
    assert schedule(settings, 1000).steps == 200


def test_zero_shot_tells_plain_cases_apart() -> None:
    definitions = {
        "Sports": "matches, athletes, teams and results",
        "Business": "companies, markets, trade and profits",
    }
    texts = ["The striker scored and the team won the match.", "The company's profits fell."]
    found = zero_shot_topics(texts, definitions, "offline")
    assert [p.topic for p in found] == ["Sports", "Business"]
    for prediction in found:
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.score == max(prediction.probabilities.values())
    assert zero_shot_topics([], definitions, "offline") == []
