"""A data set of two rows with a card, for the tests of the Hub's pages."""

import json
import uuid
from io import BytesIO

import httpx
import pyarrow as pa
import pyarrow.parquet as parquet
from huggingface_hub import CommitOperationAdd, HfApi

from tests.running import HubService

CARD = b"""---
license: cc-by-4.0
tags: [news, "<b>bold</b>"]
---
<!-- for maintainers -->
# Harbour news

| split | rows |
|---|---:|
| train | 2 |

![curve](figures/curve.png) [settings](../settings.yaml) [bad](javascript:alert(1))

<script>alert(1)</script>
"""
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "topic": {"names": ["world", "sports"], "_type": "ClassLabel"},
    "spans": {
        "feature": {"label": {"names": ["PERSON", "ORG"], "_type": "ClassLabel"}},
        "_type": "List",
    },
}


def rows_parquet() -> bytes:
    """Two rows as `datasets` writes them: labels as numbers, their names in the schema."""
    table = pa.table(
        {
            "text": ["Ana Ruiz left Zürich's port.", "<img src=x onerror=alert(1)>"],
            "topic": [1, 0],
            "spans": [[{"start": 0, "end": 8, "label": 0}], []],
        }
    )
    info = json.dumps({"info": {"features": FEATURES}})
    sink = BytesIO()
    parquet.write_table(table.replace_schema_metadata({"huggingface": info}), sink)
    return sink.getvalue()


def browser_of(hub: HubService) -> httpx.Client:
    """Asks for pages, as browsers do."""
    return httpx.Client(base_url=hub.endpoint, headers={"Accept": "text/html"})


def publish_example(hub: HubService) -> str:
    """The full name of a new repository, with the tag `v1.0`."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    name = f"copydesk/pages-{uuid.uuid4().hex[:10]}"
    repo_id = api.create_repo(name, repo_type="dataset").repo_id
    files = {
        "README.md": CARD,
        "data/train-00000-of-00001.parquet": rows_parquet(),
        "settings.yaml": b"labels:\n- world\n",
        "broken.parquet": b"no parquet",
    }
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    commit = api.create_commit(
        repo_id, operations, commit_message="Publish <i>one</i>", repo_type="dataset"
    )
    api.create_tag(repo_id, tag="v1.0", revision=commit.oid, repo_type="dataset")
    return repo_id
