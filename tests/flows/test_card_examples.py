"""What stands in a card runs, and the Hub and its libraries accept it."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from datasets.info import DatasetInfosDict

from tests.flows.chain import BATCH
from tests.running import HubService, Services

pytestmark = pytest.mark.services


@pytest.mark.parametrize("kind", ["dataset", "topics", "entities"])
def test_the_examples_of_a_card_run(
    repos: dict[str, Path], services: Services, tmp_path: Path, kind: str
) -> None:
    card = (repos[kind] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**services.environment, "PATH": "/usr/bin:/bin", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    expected = {"dataset": f"{6 * BATCH} answers", "topics": "[", "entities": "["}
    assert expected[kind] in done.stdout
    assert "Warning" not in done.stderr


def test_the_hub_and_its_libraries_accept_the_cards(
    repos: dict[str, Path], hub_service: HubService
) -> None:
    from huggingface_hub import DatasetCard, ModelCard

    for kind, folder in repos.items():
        text = (folder / "README.md").read_text(encoding="utf-8")
        answer = httpx.post(
            f"{hub_service.endpoint}/api/validate-yaml",
            json={"content": text, "repoType": "dataset" if kind == "dataset" else "model"},
        )
        assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})
        if kind == "dataset":
            found = DatasetInfosDict.from_directory(str(folder))
            assert set(found) == {"default", "responses", "disagreements", "sft"}
            assert DatasetCard(text).data.license
        else:
            results = ModelCard(text, ignore_metadata_errors=False).data.eval_results
            assert [result.dataset_split for result in results or ()].count("test") >= 2
