"""The YAML of a card: what the Hub reads to list, filter, load and compare."""

from collections.abc import Sequence
from typing import Any, cast

from datasets import DatasetInfo, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

from corpus.errors import DeskError
from publishing.manifest import BaseManifest, DatasetManifest, ModelManifest, TokenizerManifest
from publishing.manifest_parts import License
from publishing.sft_config import SFT
from publishing.shards import WrittenConfig

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
PIPELINES = {
    "topics": "text-classification",
    "entities": "token-classification",
    "instructions": "text-generation",
}
# Scores of the model index, by the name the Hub gives the metric.
INDEXED = {
    "topics": {"accuracy": "accuracy", "macro_f1": "f1"},
    "entities": {"precision": "precision", "recall": "recall", "f1": "f1"},
    "instructions": {"topic_accuracy": "accuracy", "entity_f1": "f1"},
}
# Keys that we may write: what we leave out today does not come back from yesterday's card.
OWNED = frozenset(
    (
        "license", "license_name", "license_link", "language", "pretty_name", "size_categories",
        "task_categories", "annotations_creators", "source_datasets", "configs", "dataset_info",
        "tags", "base_model", "datasets", "library_name", "pipeline_tag", "metrics", "model-index",
    )
)  # fmt: skip


def dataset_metadata(
    manifest: DatasetManifest, configs: Sequence[WrittenConfig], repo_id: str
) -> dict[str, Any]:
    """Front matter of a data set, as the libraries read it back."""
    people = manifest.answers.submitted > manifest.answers.simulated
    simulated = manifest.answers.simulated > 0
    data = DatasetCardData(
        **_license(manifest.license),
        language=manifest.language,
        pretty_name=manifest.pretty_name,
        size_categories=[_size(sum(manifest.rows.values()))],
        task_categories=_tasks(manifest),
        annotations_creators=[
            *(["expert-generated"] if people else []),
            *(["machine-generated"] if simulated else []),
        ],
        tags=["news", "argilla", "copydesk"],
        configs=[_config(config) for config in configs],
    )
    infos = {config.name: _info(config) for config in configs}
    DatasetInfosDict(infos).to_dataset_card_data(data)
    _check_dataset(data, configs, repo_id)
    return _as_dict(data)


def model_metadata(manifest: ModelManifest, repo_id: str) -> dict[str, Any]:
    """Front matter of a model, with its scores as a model index."""
    tags = ["news", "copydesk"]
    if manifest.library == "setfit":
        tags += ["setfit", "sentence-transformers"]
    if manifest.library == "peft":
        tags += ["lora", f"base_model:adapter:{manifest.lineage.base_model}"]
    data = ModelCardData(
        **_license(manifest.license),
        language=manifest.language,
        base_model=manifest.lineage.base_model,
        datasets=[manifest.lineage.dataset],
        library_name=manifest.library,
        pipeline_tag=PIPELINES[manifest.kind],
        metrics=sorted(set(_indexed(manifest).values())) or None,
        tags=tags,
        model_name=repo_id.split("/")[1],
        eval_results=_eval_results(manifest) or None,
    )
    found = _as_dict(data)
    _check_model(found, manifest, repo_id)
    return found


def base_metadata(manifest: BaseManifest, repo_id: str) -> dict[str, Any]:
    """Front matter of an offline base model."""
    data = ModelCardData(
        **_license(manifest.license),
        language=manifest.language,
        base_model=manifest.made_from,
        datasets=[manifest.dataset],
        library_name="transformers",
        pipeline_tag=PIPELINES["instructions"],
        tags=["news", "copydesk"],
        model_name=repo_id.split("/")[1],
    )
    return _as_dict(data)


def tokenizer_metadata(manifest: TokenizerManifest) -> dict[str, Any]:
    """Front matter of a tokenizer; it is no model, so it has no base model and does nothing."""
    data = ModelCardData(
        **_license(manifest.license),
        language=manifest.language,
        datasets=[manifest.dataset] if manifest.dataset else None,
        library_name="transformers",
        tags=["news", "copydesk", "tokenizer"],
    )
    return _as_dict(data)


def _as_dict(data: DatasetCardData | ModelCardData) -> dict[str, Any]:
    found: dict[str, Any] = data.to_dict()  # type: ignore[no-untyped-call]
    return found


def _license(license: License) -> dict[str, Any]:
    found: dict[str, Any] = {"license": license.id}
    if license.name:
        found["license_name"] = license.name
    if license.link:
        found["license_link"] = license.link
    return found


def _config(config: WrittenConfig) -> dict[str, Any]:
    files = [{"split": s, "path": f"{config.folder}/{s}-*-of-*.parquet"} for s in config.rows]
    return {
        "config_name": config.name,
        "data_files": files,
        **({"default": True} if config.name == "default" else {}),
    }


def _info(config: WrittenConfig) -> DatasetInfo:
    splits = SplitDict()
    for name, rows in config.rows.items():
        size = config.memory_bytes[name]
        splits.add(SplitInfo(name, num_examples=rows, num_bytes=size))
    return DatasetInfo(
        features=config.features,
        splits=splits,
        download_size=config.file_bytes,
        dataset_size=sum(config.memory_bytes.values()),
    )


def _check_dataset(data: DatasetCardData, configs: Sequence[WrittenConfig], repo_id: str) -> None:
    """Read it as `datasets` will, and compare."""
    try:
        infos = DatasetInfosDict.from_dataset_card_data(data)
        there = MetadataConfigs.from_dataset_card_data(data)
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(repo_id, f"datasets cannot read its front matter: {error}") from error
    for config in configs:
        read = infos.get(config.name)
        if config.name not in there or read is None or not _is_same(read, _info(config)):
            raise _refused(repo_id, f"configuration {config.name!r} does not read back")


def _is_same(read: DatasetInfo, written: DatasetInfo) -> bool:
    sizes = [(i.features, i.download_size, i.dataset_size) for i in (read, written)]
    splits = [
        {name: (s.num_examples, s.num_bytes) for name, s in (info.splits or {}).items()}
        for info in (read, written)
    ]
    return sizes[0] == sizes[1] and splits[0] == splits[1]


def _check_model(found: dict[str, Any], manifest: ModelManifest, repo_id: str) -> None:
    """Read the model index as the Hub's client will, and compare."""
    try:
        read = ModelCardData(**found, ignore_metadata_errors=False)
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(repo_id, f"its model index is not valid: {error}") from error
    results = cast("list[EvalResult]", read.eval_results or [])
    if [r.metric_value for r in results] != [r.metric_value for r in _eval_results(manifest)]:
        raise _refused(repo_id, "its model index does not read back")


def _refused(repo_id: str, why: str) -> DeskError:
    return DeskError(
        f"Card of {repo_id}: {why}.", "Correct publish: of the desk, then publish again."
    )


def _eval_results(manifest: ModelManifest) -> list[EvalResult]:
    lineage = manifest.lineage
    return [
        EvalResult(
            task_type=PIPELINES[manifest.kind],
            dataset_type=lineage.dataset,
            dataset_name=lineage.dataset,
            dataset_config="default",
            dataset_split="test",
            dataset_revision=lineage.dataset_revision,
            metric_type=metric,
            metric_name=name.replace("_", "-"),
            metric_value=round(manifest.scores[name]["value"], 4),
        )
        for name, metric in _indexed(manifest).items()
    ]


def _indexed(manifest: ModelManifest) -> dict[str, str]:
    """Those that are defined: of nothing there is no score (None)."""
    return {n: metric for n, metric in INDEXED[manifest.kind].items() if manifest.scores.get(n)}


def _size(rows: int) -> str:
    return next((name for limit, name in SIZES if rows < limit), "n>1M")


def _tasks(manifest: DatasetManifest) -> list[str]:
    tasks = ["text-classification"] if manifest.topics else []
    tasks += ["token-classification"] if manifest.entities else []
    return [*tasks, *(["text-generation"] if SFT in manifest.configs else [])]
