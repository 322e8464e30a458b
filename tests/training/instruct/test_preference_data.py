"""What copydesk answers export writes, in trl's own hands: its checks, its trainers."""

from pathlib import Path

import pytest
from datasets import Dataset, load_dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer
from trl.data_utils import is_conversational, maybe_apply_chat_template

from corpus.articles import Article
from corpus.instruct.answers import Answer, Mention, to_json
from corpus.instruct.opinions import Generation
from corpus.instruct.preferences import Preference
from flows.preference_file import write_rows
from tests.training.conftest import tiny_articles
from tests.training.instruct.tiny import QUESTIONS, save_tiny


def preference(article: Article, number: int) -> Preference:
    """Every other one by a correction, the others by ratings of two models."""
    right = to_json(Answer("Sports", (Mention(article.text.split(" scored")[0][:10], "person"),)))
    by_rating = bool(number % 2)
    return Preference(
        id=f"{Generation(article.id, 'm1', 0, '').id}:{number}",
        article=article,
        came_from="rating" if by_rating else "correction",
        chosen=right,
        rejected="" if number == 0 else '{"topic": "Business", "entities": []}',
        chosen_model="m2" if by_rating else None,
        rejected_model="m1",
        chosen_rating=4.5 if by_rating else None,
        rejected_rating=1.5,
        annotators=2,
        phrasing=0,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("preferences")
    articles = [r.article for r in tiny_articles()[:4]]
    rows = [preference(a, n).row(QUESTIONS, "train") for n, a in enumerate(articles)]
    write_rows.fn(folder / "p.jsonl", rows)
    found = load_dataset(
        "json", data_files=str(folder / "p.jsonl"), split="train", cache_dir=str(folder)
    )
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("model"))


def test_trl_takes_it_for_a_conversation_and_writes_it_with_the_template(
    data: Dataset, model: str
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model)
    for row in data:
        example = {name: row[name] for name in ("prompt", "chosen", "rejected")}
        assert is_conversational(example)
        written = maybe_apply_chat_template(example, tokenizer)
        whole = tokenizer.apply_chat_template([*row["prompt"], *row["chosen"]], tokenize=False)
        assert written["prompt"] + written["chosen"] == whole
        assert row["chosen"][0]["content"] in written["chosen"]
        assert written["chosen"] != written["rejected"]


def test_dpo_learns_to_prefer_what_people_preferred(
    data: Dataset, model: str, tmp_path: Path
) -> None:
    arguments = DPOConfig(
        output_dir=str(tmp_path), max_steps=8, per_device_train_batch_size=4, learning_rate=1e-2,
        bf16=False, gradient_checkpointing=False, use_cpu=True, report_to="none", logging_steps=1,
        save_strategy="no", max_length=None,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=arguments,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(model),
    )
    trainer.train()
    logged = [log for log in trainer.state.log_history if "rewards/margins" in log]
    assert len(logged) == 8
    assert logged[-1]["rewards/margins"] > logged[0]["rewards/margins"]
    assert logged[-1]["loss"] < logged[0]["loss"]


def test_the_reward_trainer_takes_it(data: Dataset, model: str, tmp_path: Path) -> None:
    arguments = RewardConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=4, bf16=False,
        gradient_checkpointing=False, use_cpu=True, report_to="none", save_strategy="no",
        max_length=None,
    )  # fmt: skip
    trainer = RewardTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(model, num_labels=1),
        args=arguments,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(model),
    )
    assert len(trainer.train_dataset) == len(data)
    assert trainer.train().global_step == 1
