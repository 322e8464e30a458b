"""Cards from manifests. A number that is not in the manifest stops the rendering."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData, EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from corpus.errors import DeskError
from publishing.manifest import DatasetManifest, Manifest, ModelManifest

TEMPLATES = Path(__file__).parent
NOTES_START, NOTES_END = "<!-- notes: kept by copydesk -->", "<!-- /notes -->"
NOTES = re.compile(re.escape(NOTES_START) + r"(.*?)" + re.escape(NOTES_END), re.DOTALL)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
LINK = re.compile(r"\]\([^)]*\)")
SCORE_NAMES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def render_dataset_card(
    manifest: DatasetManifest, repo_id: str, features: Features, previous: str | None = None
) -> str:
    """The README of a data set: front matter, body, and the notes kept from ``previous``."""
    data = DatasetCardData(
        license=manifest.license,
        language=manifest.language,
        pretty_name=manifest.pretty_name,
        size_categories=[_size(sum(manifest.rows.values()))],
        task_categories=_tasks(manifest),
        annotations_creators=["machine-generated"]
        if manifest.provenance.simulated_answers
        else None,
        tags=["news", "argilla", "copydesk"],
        configs=[
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*.parquet"}
                    for split, rows in manifest.rows.items()
                    if rows
                ],
            }
        ],
    )
    splits = SplitDict()
    for name, rows in manifest.rows.items():
        if rows:
            splits.add(SplitInfo(name, num_examples=rows))
    info = DatasetInfo(features=features, splits=splits)
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    # What `datasets` measures only on its own push would stand there as 0.
    for part in (data["dataset_info"], *data["dataset_info"]["splits"]):
        for name in ("num_bytes", "download_size", "dataset_size"):
            part.pop(name, None)
    return _render("dataset_card.md", manifest, repo_id, data.to_yaml(), previous)


def render_model_card(manifest: ModelManifest, repo_id: str, previous: str | None = None) -> str:
    """The README of a model."""
    topics = manifest.kind == "topics"
    data = ModelCardData(
        license=manifest.license,
        language=manifest.language,
        base_model=manifest.base_model,
        datasets=[manifest.dataset],
        library_name="setfit" if topics else "transformers",
        pipeline_tag="text-classification" if topics else "token-classification",
        metrics=_metrics(manifest),
        tags=["news", "copydesk", *(["setfit", "sentence-transformers"] if topics else [])],
        model_name=repo_id.split("/")[1],
        eval_results=_eval_results(manifest) or None,
    )
    return _render("model_card.md", manifest, repo_id, data.to_yaml(), previous)


def _metrics(manifest: ModelManifest) -> list[str] | None:
    if not (manifest.scores or manifest.benchmark):
        return None
    return ["accuracy", "f1"] if manifest.kind == "topics" else ["precision", "recall", "f1"]


def _eval_results(manifest: ModelManifest) -> list[EvalResult]:
    topics = manifest.kind == "topics"
    names = ("accuracy", "macro_f1") if topics else ("precision", "recall", "f1")
    return [
        EvalResult(
            task_type="text-classification" if topics else "token-classification",
            dataset_type=manifest.dataset,
            dataset_name=manifest.dataset,
            dataset_split="test",
            dataset_revision=manifest.dataset_revision,
            metric_type="f1" if name == "macro_f1" else name,
            metric_name=name.replace("_", "-"),
            metric_value=round(manifest.scores[name]["value"], 4),
        )
        for name in names
        if name in manifest.scores
    ]


def _render(
    template: str, manifest: Manifest, repo_id: str, front_matter: str, previous: str | None
) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_present,
    )
    environment.filters.update(interval=_interval, figure=_figure, f1=_f1)
    _refuse_missing(manifest, repo_id)
    try:
        body = environment.get_template(template).render(
            m=manifest, repo_id=repo_id, score_names=SCORE_NAMES
        )
    except UndefinedError as error:
        raise DeskError(
            f"Card of {repo_id}: {error.message}.", f"Add it to the manifest, or mend {template}."
        ) from error
    check_numbers(body, manifest, repo_id)
    # Parts that are left out leave blank lines behind.
    body = re.sub(r"\n{3,}", "\n\n", body)
    head = f"---\n{front_matter.strip()}\n---"
    return f"{head}\n\n{body.strip()}\n\n{NOTES_START}\n{_notes(previous)}\n{NOTES_END}\n"


def _notes(previous: str | None) -> str:
    """What people wrote: between the marks of our own card, or the whole body of another."""
    if previous is None:
        return ""
    kept = NOTES.search(previous)
    return (kept[1] if kept else FRONT_MATTER.sub("", previous)).strip()


def _present(value: Any) -> Any:
    if value is None:
        raise UndefinedError("a value is None")
    return value


def _refuse_missing(manifest: Manifest, repo_id: str) -> None:
    """A figure that could not be measured must not be printed as if it had been."""
    for value in _values(manifest.model_dump()):
        if isinstance(value, float) and not math.isfinite(value):
            raise DeskError(
                f"The manifest of {repo_id} holds {value}.", "Run copydesk score, then publish."
            )


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _values(item)
    else:
        yield value


def check_numbers(body: str, manifest: Manifest, repo_id: str) -> None:
    """Raise DeskError for a number that the manifest does not hold.

    Numbers inside code, links, names (F1, IOB2) and version strings are not claims.
    """
    text = LINK.sub("]", CODE.sub("", body))
    known = set(NUMBER.findall(" ".join(_formatted(manifest.model_dump()))))
    for number in NUMBER.findall(text):
        if number not in known:
            raise DeskError(
                f"Card of {repo_id} shows {number}, which is not in its manifest.",
                "Numbers in cards come from the manifest only: mend the template.",
            )


def _formatted(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for k, v in value.items() for text in (str(k), *_formatted(v))]
    if isinstance(value, list):
        return [text for item in value for text in _formatted(item)]
    if isinstance(value, float):
        return [_figure(value), str(value)]
    return [str(value)]


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _interval(value: dict[str, float]) -> str:
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def _f1(value: float | dict[str, float]) -> str:
    """A label's F1, with its interval where there is one."""
    return _interval(value) if isinstance(value, dict) else _figure(value)


def _size(rows: int) -> str:
    return next((name for limit, name in SIZES if rows < limit), "n>1M")


def _tasks(manifest: DatasetManifest) -> list[str]:
    tasks = ["text-classification"] if manifest.topics else []
    return [*tasks, *(["token-classification"] if manifest.entities else [])]
