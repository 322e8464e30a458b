"""train, score and predict on files, as a person without desk and services types them."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from huggingface_hub import HfApi
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification
from typer.testing import CliRunner, Result

from copydesk.commands import app
from corpus.articles import ReviewedArticle
from corpus.errors import DeskError
from tests.running import HubService
from tests.training.conftest import PROJECT, tiny_articles
from tests.training.encoders import bert


def run(*arguments: Any) -> Result:
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def rows_of(articles: Sequence[ReviewedArticle]) -> list[dict[str, Any]]:
    spans = ["start", "end", "label"]
    return [
        {
            "id": r.article.id,
            "text": r.article.text,
            "topic": r.topic,
            "spans": [{name: getattr(s, name) for name in spans} for s in r.spans or ()],
            "split": {"validation": "dev"}.get(r.split, r.split),
        }
        for r in articles
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rows = rows_of(tiny_articles())
    pd.DataFrame(rows).to_parquet(folder / "all.parquet")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "all.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def topics(data: Path) -> Path:
    out = data / "models" / "topics"
    found = run(
        "train", "topics", "--data", data / "all.parquet", "--out", out, "--method", "frozen"
    )
    assert "32 train, 8 validation, 8 test" in found.stderr
    assert "Labels: Business, Sports" in found.stdout
    return out


@pytest.fixture(scope="module")
def entities(data: Path) -> Path:
    out = data / "models" / "entities"
    options = ["--set", "method=frozen", "--set", "head_epochs=8", "--labels", "person,place"]
    run("train", "entities", "--data", data / "all.jsonl", "--out", out, *options)
    return out


def test_scores_are_one_json_object(data: Path, topics: Path, entities: Path) -> None:
    found = json.loads(run("score", topics, "--data", data / "all.parquet", "--json").stdout)
    assert (found["kind"], found["split"], found["n"]) == ("topics", "test", 8)
    assert found["accuracy"]["value"] == 1.0 and set(found["accuracy"]) == {"value", "low", "high"}
    assert found["support"] == {"Business": 4, "Sports": 4}
    assert set(found["per_label"]["Sports"]) >= {"precision", "recall", "f1", "support"}
    found = json.loads(
        run("score", entities, "--data", data / "all.jsonl", "--json", "--split", "all").stdout
    )
    assert (found["kind"], found["split"], found["n"]) == ("entities", "all", 48)
    for name in ("precision", "recall", "f1"):
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
    assert found["f1"]["value"] > 0.5
    shown = run("score", topics, "--data", data / "all.parquet", "--split", "dev").stdout
    assert "accuracy 1.000 [" in shown and "8 rows (validation)" in shown


def test_predictions_are_a_row_each_in_order(data: Path, topics: Path, entities: Path) -> None:
    rows = rows_of(tiny_articles())
    for model in (topics, entities):
        out = data / f"{model.name}.jsonl"
        run("predict", model, "--data", data / "all.jsonl", "--out", out)
        found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert [row["id"] for row in found] == [row["id"] for row in rows]
        again = run("predict", model, "--data", data / "all.jsonl", "--out", out)
        assert "they are as they were" in again.stdout
        if model is topics:
            assert [row["topic"] for row in found] == [row["topic"] for row in rows]
            assert found[0]["score"] == max(found[0]["probabilities"].values())
        else:
            for row, article in zip(found, rows, strict=True):
                assert all(
                    article["text"][s["start"] : s["end"]] == s["text"] for s in row["spans"]
                )
            assert sum(len(row["spans"]) for row in found) > 48


def test_facts_of_the_training_are_kept_without_texts_or_folders(data: Path, topics: Path) -> None:
    facts = json.loads((topics / "training.json").read_text(encoding="utf-8"))
    assert facts["kind"] == "topics" and facts["rows"] == {"train": 32, "validation": 8, "test": 8}
    assert facts["data"] == "all.parquet" and str(data) not in json.dumps(facts)
    assert not list(topics.parent.glob(".*"))


def test_labels_without_a_training_row_are_named_and_are_an_error_to_score(
    tmp_path: Path,
) -> None:
    rows = rows_of(tiny_articles())
    rows.append({"text": "Lions sleep.", "topic": "Zoo", "split": "test", "id": "z", "spans": []})
    file, model = tmp_path / "f.jsonl", tmp_path / "m"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = run("train", "topics", "--data", file, "--out", model, "--method", "frozen")
    assert "no training row has Zoo" in said.stderr
    assert "Labels: Business, Sports" in said.stdout
    with pytest.raises(DeskError, match="does not know the label 'Zoo'"):
        run("score", model, "--data", file)
    run("score", model, "--data", file, "--count-unknown")


def test_nested_settings_are_set_by_their_dotted_names(data: Path, tmp_path: Path) -> None:
    command = ["train", "topics", "--data", data / "all.jsonl", "--out", tmp_path / "m"]
    command += ["--method", "fine_tune", "--set", "fine_tune.epochs=1"]
    run(*command, "--set", "models.topics.fine_tune.batch_size=16")
    facts = json.loads((tmp_path / "m/training.json").read_text(encoding="utf-8"))
    assert (facts["settings"]["epochs"], facts["settings"]["batch_size"]) == (1, 16)
    with pytest.raises(DeskError, match=r"fine_tune\.epoch is no key"):
        run(*command, "--set", "fine_tune.epoch=1")
    with pytest.raises(DeskError, match="method is one value and has no epochs"):
        run(*command, "--set", "method.epochs=1")


def test_without_splits_a_tenth_validates(data: Path) -> None:
    rows = [{"text": row["text"], "topic": row["topic"]} for row in rows_of(tiny_articles())]
    pd.DataFrame(rows).to_csv(data / "bare.csv", index=False)
    out = data / "models" / "bare"
    for _ in range(2):
        found = run(
            "train", "topics", "--data", data / "bare.csv", "--out", out, "--method", "frozen"
        )
        assert "drawn by seed 42" in found.stderr
    assert (
        json.loads(run("score", out, "--data", data / "bare.csv", "--json").stdout)["split"]
        == "all"
    )


def test_a_model_of_others_with_labels_in_another_order(data: Path, tmp_path: Path) -> None:
    texts = [row["text"] for row in rows_of(tiny_articles())]
    encoder = bert(tmp_path / "encoder", texts, layers=3)
    names = ["I-place", "B-person", "O", "B-place", "I-person"]
    config = BertConfig.from_pretrained(encoder, id2label=dict(enumerate(names)))
    torch.manual_seed(1)
    BertForTokenClassification(config).save_pretrained(tmp_path / "other")
    AutoTokenizer.from_pretrained(encoder).save_pretrained(tmp_path / "other")
    found = json.loads(
        run("score", tmp_path / "other", "--data", data / "all.jsonl", "--json").stdout
    )
    assert found["kind"] == "entities" and set(found["support"]) == {"person", "place"}


def test_a_model_on_a_hub(
    data: Path, topics: Path, hub_service: HubService, tmp_path: Path
) -> None:
    repo = f"copydesk/on-files-{uuid.uuid4().hex[:8]}"
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    api.create_repo(repo)
    api.upload_folder(repo_id=repo, folder_path=topics)
    done = subprocess.run(
        [sys.executable, "-m", "copydesk", "score", repo, "--data", data / "all.jsonl", "--json"],
        cwd=PROJECT,
        env={**os.environ, "HF_ENDPOINT": hub_service.endpoint, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["model"], found["accuracy"]["value"]) == (repo, 1.0)


def test_a_model_whose_files_are_damaged(data: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["BertForTokenClassification"]}')
    with pytest.raises(DeskError, match="cannot be loaded"):
        run("score", tmp_path, "--data", data / "all.jsonl")


MISTAKES = [
    (["train", "topics", "--data", "{all}", "--out", "{data}"], "is no model"),
    (["train", "--data", "{all}", "--out", "{new}"], "needs topics or entities"),
    (["train", "topics", "--data", "{all}"], "needs --out"),
    (["train", "people", "--data", "{all}", "--out", "{new}"], "'people' is not a model"),
    (["train", "topics", "--out", "{new}"], "--out needs --data"),
    (["train", "topics", "--tracking", "mlflow"], "--tracking needs --data"),
    (["train", "topics", "--data", "{all}", "--out", "{new}", "--tracking", "mlflow"],
     "the package mlflow is not installed"),
    (["train", "topics", "--data", "{all}", "--out", "{new}", "--set", "epoch=1"], "epoch is no"),
    (["train", "topics", "--data", "{all}", "--out", "{new}", "--labels", "Sports"], "row 2"),
    (["train", "topics", "--data", "nowhere.csv", "--out", "{new}"], "is not there"),
    (["score", "{topics}", "--data", "{all}", "--split", "blind"], "split 'blind'"),
    (["score", "{data}", "--data", "{all}"], "holds no topic or entity model"),
    (["score", "no/model", "--data", "{all}"], r"cannot be downloaded \(.*: no answer"),
    (["score", "{topics}", "--data", "{all}", "--text-column", "body"], "no column 'body'"),
    (["score", "no model", "--data", "{all}"], "neither a folder nor a repo_id"),
    (["score", "{topics}", "--data", "{all}", "--topic-column", "id"], "does not know"),
    (["score", "{topics}"], "needs --data"),
    (["predict", "{topics}", "--data", "{all}", "--out", "{all}"], "is the file of --data"),
    (["predict", "{topics}", "--data", "{all}", "--out", "{new}", "--text-column", "body"],
     "no column 'body'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), MISTAKES)
def test_mistakes_are_said_and_leave_nothing(
    arguments: list[str], said: str, data: Path, topics: Path, tmp_path: Path
) -> None:
    places = {"all": data / "all.jsonl", "data": data, "topics": topics, "new": tmp_path / "new"}
    before = sorted(data.rglob("*"))
    with pytest.raises(DeskError, match=said) as error:
        run(*(argument.format(**places) for argument in arguments))
    assert error.value.next_step
    assert sorted(data.rglob("*")) == before
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_a_file_is_said_before_libraries_are_loaded(
    data: Path, topics: Path, tmp_path: Path
) -> None:
    code = """
import sys
from copydesk.commands import app
from corpus.errors import DeskError
model, file, out = sys.argv[1:]
for command in ["score", model], ["predict", model, "--out", out]:
    try:
        app([*command, "--data", file, "--text-column", "body"], standalone_mode=False)
    except DeskError as error:
        print(error.problem)
print(sorted({"setfit", "sentence_transformers", "datasets"} & set(sys.modules)))
"""
    place = str(tmp_path / "new.jsonl")
    command = [sys.executable, "-c", code, str(topics), str(data / "all.jsonl"), place]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.count("no column 'body'") == 2
    assert done.stdout.endswith("[]\n")


def test_scores_on_what_was_trained_on_are_called_too_good(data: Path, topics: Path) -> None:
    said = "was trained on rows of this file"
    file = data / "all.parquet"
    assert said not in run("score", topics, "--data", file).stderr
    assert said in run("score", topics, "--data", file, "--split", "train").stderr
    assert said in run("score", topics, "--data", file, "--split", "all").stderr
    assert said not in run("score", topics, "--data", data / "all.jsonl", "--split", "all").stderr


def test_a_row_that_cannot_be_read_leaves_no_part(topics: Path, tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text('{"text": "a"}\n{"text": 1}\n')
    with pytest.raises(DeskError, match="row 2"):
        run("predict", topics, "--data", file, "--out", tmp_path / "new.jsonl")
    assert list(tmp_path.iterdir()) == [file]


def test_texts_of_test_in_train_are_told_of(data: Path, tmp_path: Path) -> None:
    rows = rows_of(tiny_articles())
    rows.append({**next(row for row in rows if row["split"] == "test"), "split": "train"})
    (tmp_path / "f.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["train", "topics", "--data", tmp_path / "f.jsonl", "--out", tmp_path / "m"]
    with pytest.raises(DeskError, match="Training texts stand in the test split as well"):
        run(*command, "--strict")
    assert not (tmp_path / "m").exists()


def test_nothing_is_known_of_a_label_that_no_row_has(
    data: Path, topics: Path, tmp_path: Path
) -> None:
    rows = pd.read_parquet(data / "all.parquet")
    rows[rows.topic == "Sports"].to_parquet(tmp_path / "sports.parquet")
    command = ("score", topics, "--data", tmp_path / "sports.parquet", "--split", "test")
    found = json.loads(run(*command, "--json").stdout)
    assert found["support"]["Business"] == 0
    assert found["per_label"]["Business"]["f1"] == {"value": 0.0, "low": 0.0, "high": 1.0}
    assert "f1 of Business cannot be told: no row has it as gold" in run(*command).stdout


def test_a_model_can_be_read_by_whoever_may_read_new_files(topics: Path, tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    usual = (tmp_path / "new").stat().st_mode
    assert {f.stat().st_mode for f in topics.rglob("*") if f.is_file()} == {usual}


def test_a_topic_with_one_training_row_is_named(data: Path, tmp_path: Path) -> None:
    rows = [{"text": f"{topic} {i}", "topic": topic} for topic in ("A", "B") for i in range(12)]
    pd.DataFrame([*rows, {"text": "gone", "topic": "Obituary"}]).to_csv(tmp_path / "o.csv")
    out = tmp_path / "model"
    found = run("train", "topics", "--data", tmp_path / "o.csv", "--out", out, "--method", "frozen")
    assert "warning: only one training row has Obituary." in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "topics", "--data", "{data}", "--out", "{data}/sub"], "is no folder, so"),
        (["train", "topics", "--data", "{folder}", "--out", "x"], "is a folder"),
        (["train", "topics", "--data", "{data}", "--out", "x", "--desk", "y"], "--desk is for"),
        (["score", "x", "--data", "{data}", "--per-class", "4"], "--per-class is for desks"),
        (["predict", "{topics}", "--data", "{data}", "--out", "{data}/sub"], "is no folder, so"),
        (["train", "tokenizer", "--data", "{data}", "--out", "x", "--desk", "y"], "--desk is for"),
        (["score", "x", "--data", "{data}", "--set", "seed=3"], "--set is for desks"),
        (["train", "topics", "--data", "{data}", "--out", "x", "--set", "stepz=1"], "no key"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_read(
    data: Path, topics: Path, arguments: list[str], said: str
) -> None:
    given = [a.format(data=data / "all.jsonl", folder=data, topics=topics) for a in arguments]
    with pytest.raises(DeskError, match=said):
        run(*given)


def test_an_encoder_that_is_not_there_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    command = ("train", "topics", "--data", data / "all.jsonl", "--out", tmp_path / "model")
    with pytest.raises(DeskError, match="nobody/nothing"):
        run(*command, "--encoder", "nobody/nothing")
    assert list(tmp_path.iterdir()) == []
