"""`datasets`: pushes, configurations, class labels, spans, streaming, old versions."""

import json
import sys
from typing import Any

from datasets import (
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    List,
    Value,
    get_dataset_config_names,
    load_dataset,
)
from huggingface_hub import DatasetCard, HfApi

FEATURES = Features(
    {
        "text": Value("string"),
        "topic": ClassLabel(names=["world", "sports"]),
        "spans": List(
            {"start": Value("int32"), "end": Value("int32"), "label": ClassLabel(names=["ORG"])}
        ),
    }
)
ROW = {"text": "Agency closes.", "topic": 1, "spans": [{"start": 0, "end": 6, "label": 0}]}


def rows(count: int) -> Dataset:
    return Dataset.from_list([ROW] * count, features=FEATURES)


def main(repo: str) -> dict[str, Any]:
    """Two versions: the first is tagged, the second has other rows and one more configuration."""
    api = HfApi()
    DatasetDict({"train": rows(6), "test": rows(3)}).push_to_hub(repo)
    first = api.dataset_info(repo).sha
    api.create_tag(repo, tag="v1", revision=first, repo_type="dataset")
    rows(2).push_to_hub(repo, split="train")
    Dataset.from_dict({"answer": ["yes", "no", "yes"]}).push_to_hub(repo, "responses")
    rows(1).push_to_hub(f"{repo}-private", private=True)
    proposed = rows(9).push_to_hub(repo, split="train", create_pr=True)

    tagged = load_dataset(repo, revision="v1")
    stream = load_dataset(repo, revision="v1", split="test", streaming=True)
    return {
        "tagged": {name: part.num_rows for name, part in tagged.items()},
        "features_kept": tagged["train"].features == FEATURES,
        "rows_kept": list(tagged["train"]) == [ROW] * 6,
        "by_sha": load_dataset(repo, revision=first, split="train").num_rows,
        "now": load_dataset(repo, "default", split="train").num_rows,
        "streamed": list(stream),
        "stream_features_kept": stream.features == FEATURES,
        "configs": sorted(get_dataset_config_names(repo)),
        "configs_of_v1": get_dataset_config_names(repo, revision="v1"),
        "responses": load_dataset(repo, "responses", split="train")["answer"][:],
        "private": load_dataset(f"{repo}-private", split="train").num_rows,
        "is_private": api.dataset_info(f"{repo}-private").private,
        "proposed_revision": proposed.pr_revision,
        "proposed": load_dataset(repo, revision=proposed.pr_revision, split="train").num_rows,
        "infos_in_card": sorted(
            info["config_name"] for info in DatasetCard.load(repo).data.to_dict()["dataset_info"]
        ),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
