"""A publish in a process of its own, which may be killed, by a client with default settings.

    python -m tests.publishing.publisher ENDPOINT REPO FOLDER

prints one JSON object: the version, or the error that people read with its whole traceback.
"""

import json
import os
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Publisher:
    """Where and what to publish; `hf_home` is the client's memory of what it has sent."""

    endpoint: str
    token: str = field(repr=False)
    repo_id: str
    folder: Path
    hf_home: Path
    xet: bool = True

    def start(self) -> "subprocess.Popen[str]":
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        environment = {
            "HF_TOKEN": self.token,
            "HF_HOME": str(self.hf_home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": str(PROJECT),
        }
        environment |= {} if self.xet else {"HF_HUB_DISABLE_XET": "1"}
        arguments = [self.endpoint, self.repo_id, str(self.folder)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.publishing.publisher", *arguments],
            env=kept | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        """To the end; what it printed on stderr as well."""
        process = self.start()
        printed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors[-3000:]
        found: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return found | {"stderr": errors}


def publish(endpoint: str, repo_id: str, folder: Path) -> dict[str, Any]:
    """What is printed. Imports late: a process that starts one needs none of it."""
    from huggingface_hub import HfApi

    from corpus.errors import DeskError
    from publishing.hub import publish_folder
    from publishing.manifest import file_hashes
    from publishing.remote import Target
    from publishing.retries import Patience
    from tests.publishing.manifests import manifest_json

    texts = {"manifest.json": manifest_json(file_hashes(folder)), "README.md": "# Large\n"}
    api = HfApi(endpoint=endpoint, token=os.environ["HF_TOKEN"])
    target, patience = Target(repo_id, "model"), Patience(pauses=(0.01, 0.01))
    try:
        done = publish_folder(api, target, folder, lambda _: texts, "large", patience)
    except DeskError as error:
        return {"error": str(error), "traceback": "".join(traceback.format_exception(error))}
    return {"tag": done.tag, "revision": done.revision, "changed": done.changed}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(publish(sys.argv[1], sys.argv[2], Path(sys.argv[3]))) + "\n")
