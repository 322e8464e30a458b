"""prefect.yaml: every entrypoint and parameter, and one deployment run by a real worker."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.deployments import run_deployment
from prefect.exceptions import ParameterTypeError
from prefect.flows import load_flow_from_entrypoint

from tests.running import Services

PROJECT = Path(__file__).resolve().parents[2]
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(
    (PROJECT / "prefect.yaml").read_text(encoding="utf-8")
)["deployments"]
# The schema Prefect 3.8 reads; it ignores any other key in silence.
KNOWN_KEYS = {
    "name", "entrypoint", "description", "parameters", "schedules", "concurrency_limit",
    "work_pool", "tags", "version", "pull", "triggers", "enforce_parameter_schema",
}  # fmt: skip


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_entrypoints_load_and_parameters_fit(
    deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    assert set(deployment) <= KNOWN_KEYS
    flow = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
    file, function = deployment["entrypoint"].split(":")
    assert deployment["name"] == function == flow.name == Path(file).stem
    validated = flow.validate_parameters(deployment["parameters"])
    assert validated["config"].read().name


def test_publish_takes_its_own_parameters_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    flow = load_flow_from_entrypoint("flows/publish.py:publish", use_placeholder_flow=False)
    given = {"desk": "desk.yaml", "to": "hub:org/news", "private": True, "dry_run": True}
    config = flow.validate_parameters({"config": given})["config"]
    assert (config.to, config.private, config.dry_run) == ("hub:org/news", True, True)
    with pytest.raises(ParameterTypeError, match="dryrun"):
        flow.validate_parameters({"config": {"desk": "desk.yaml", "dryrun": True}})


def test_every_flow_is_deployed_and_no_file_shadows_a_package() -> None:
    files = {path.stem for path in (PROJECT / "flows").glob("*.py")}
    flows = {
        name
        for name in files
        if f'@flow(name="{name}")' in (PROJECT / f"flows/{name}.py").read_text()
    }
    assert flows == {deployment["name"] for deployment in DEPLOYMENTS}
    assert not files & {"training", "datasets", "evaluate", "corpus", "publishing", "argilla"}


@pytest.mark.long
@pytest.mark.services
def test_a_real_worker_completes_a_deployment(services: Services, tmp_path: Path) -> None:
    environment = {**os.environ, **services.environment}
    del environment["PREFECT_LOGGING_EXTRA_LOGGERS"]

    def prefect(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "prefect", "--no-prompt", *arguments]

    def run(*arguments: str) -> None:
        done = subprocess.run(
            prefect(*arguments), cwd=PROJECT, env=environment, capture_output=True, text=True,
            check=False, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    run("work-pool", "create", "copydesk", "--type", "process", "--overwrite")
    run("deploy", "--all")
    with get_client(sync_client=True) as client:
        deployed = {d.name: d for d in client.read_deployments()}
    assert set(deployed) == {d["name"] for d in DEPLOYMENTS}
    assert deployed["curate"].schedules[0].active
    _wait_for_scheduled_runs(deployed["curate"].id)
    log = (tmp_path / "worker.log").open("w")
    worker = subprocess.Popen(
        prefect("worker", "start", "--pool", "copydesk", "--limit", "1"),
        cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        overrides = {"name": "by-worker", "source.limit": 6}
        flow_run = run_deployment(
            "load_news/load_news",
            parameters={"config": {"desk": "desk.yaml", "overrides": overrides}},
            timeout=180,
            poll_interval=1,
        )
        assert flow_run.state is not None
        assert flow_run.state.is_completed(), (tmp_path / "worker.log").read_text()
    finally:
        worker.terminate()
        worker.wait(timeout=60)
        log.close()
    _wait_for_records(services, "by-worker", 6)
    said = _wait_for_log(flow_run.id, "logged 6 of 6 records")
    assert any("6 of 6 articles are new to Argilla" in line for line in said), said


def _wait_for_scheduled_runs(deployment_id: UUID) -> None:
    """Prefect's scheduler plans runs of active schedules some seconds after they are deployed."""
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while not (runs := client.read_flow_runs(deployment_filter=wanted)):
            assert time.monotonic() < deadline, "no run was scheduled"
            time.sleep(1)
    assert all(run.auto_scheduled for run in runs)


def _wait_for_log(flow_run_id: UUID, last: str) -> list[str]:
    """What the run's page shows; Prefect sends logs in the background."""
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id]))
    deadline = time.monotonic() + 20
    with get_client(sync_client=True) as client:
        while True:
            said = [log.message for log in client.read_logs(log_filter=wanted)]
            if last in said or time.monotonic() > deadline:
                return said
            time.sleep(0.5)


def _wait_for_records(services: Services, name: str, count: int) -> None:
    from argilla_settings.connection import connect

    deadline = time.monotonic() + 10
    dataset = connect().datasets(name=name, workspace="copydesk")
    while len(list(dataset.records)) != count and time.monotonic() < deadline:
        time.sleep(0.5)
    assert len(list(dataset.records)) == count
