"""The command line: quick help, clear errors, exit codes, shell exports."""

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from copydesk import commands
from flows.curate import Curate
from tests.running import Services
from tests.warm_command import WarmCommand

PROJECT = Path(__file__).resolve().parents[1]


def copydesk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, in a process of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARGILLA", "HF_", "PREFECT"))}
    return subprocess.run(
        [sys.executable, "-m", "copydesk", *arguments],
        cwd=PROJECT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_help_is_quick_and_names_every_command() -> None:
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        done = copydesk("--help")
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 1
    for name in [
        "up",
        "down",
        "status",
        "env",
        "doctor",
        "backup",
        "restore",
        "load",
        "pull",
        "train",
        "score",
        "second-look",
        "publish",
        "curate",
        "demo",
        "export-argilla",
        "import-argilla",
        "desk-keys",
    ]:
        assert name in done.stdout


def test_it_says_its_version() -> None:
    written = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    done = copydesk("--version")
    assert (done.returncode, done.stdout) == (0, f"copydesk {written['project']['version']}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["load", "--set", "review.blind=1"], "review.blind: unknown key"),
        (["load", "--set", "no-equals"], "is not key=value"),
        (["load", "--source", "none.csv"], "Source 'none.csv' is not a file"),
        (["load", "--set", "source.columns.text=body"], "has no column 'body'"),
        (["train", "--set", "name=never-loaded"], "has no reviewed article yet"),
        (["train", "--only", "sft"], "'sft' is not a model"),
        (["publish", "--set", "name=never-loaded"], "has no reviewed article yet"),
        (["publish", "--to", "org/name"], "did you mean hub:org/name?"),
        (["publish", "--dry-run", "--to", "hub:org/a--b"], "--to 'hub:org/a--b' is no address"),
        (["card", "--set", "name=never-loaded"], "has no reviewed article yet"),
        (["load", "--set", "publish.license=[x"], "the value is not YAML"),
        (["load", "--set", "state=s3://bucket/x"], "State 's3://bucket/x' cannot be opened"),
        (
            ["train", "--only", "entities", "--desk", "desks/ag_news.yaml"],
            "has no labels.entities",
        ),
        (["curate", "--simulate", "--accounts", "README.md"], "is not an accounts file"),
    ],
)
@pytest.mark.services
def test_bad_input_is_two_lines_and_exit_code_1(
    warm: WarmCommand, arguments: list[str], message: str
) -> None:
    require_error(warm(*arguments), message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["load", "--desk", "none.yaml"], "Desk 'none.yaml' is not a file"),
        (["pull", "--set", "name=never-loaded"], "Argilla has no data set 'never-loaded'"),
        (["up", "--hub-port", "59999"], "not at 59999"),
    ],
)
@pytest.mark.services
def test_so_it_is_in_a_process_of_its_own(
    services: Services, arguments: list[str], message: str
) -> None:
    require_error(copydesk(*arguments), message)


def require_error(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert message in done.stderr
    assert "  → " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.services
def test_the_next_command_names_the_desk_given(warm: WarmCommand) -> None:
    done = warm("train", "--desk", "desks/ag_news.yaml")
    assert "then run copydesk pull --desk desks/ag_news.yaml." in done.stderr


@pytest.mark.services
def test_an_empty_file_and_unknown_labels_load_nothing(warm: WarmCommand, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert "is empty" in warm("load", "--source", str(empty)).stderr
    odd = tmp_path / "odd.jsonl"
    row = {"text": "x", "title": "", "topic": "Weather", "spans": [], "published_at": ""}
    odd.write_text(json.dumps(row), encoding="utf-8")
    done = warm("load", "--source", str(odd), "--set", "name=odd-labels")
    assert "'Weather' is not in the schema" in done.stderr
    assert "no data set 'odd-labels'" in warm("pull", "--set", "name=odd-labels").stderr


@pytest.mark.services
def test_services_of_the_user_are_used(services: Services) -> None:
    done = copydesk(
        "load", ARGILLA_API_URL="http://127.0.0.1:9", ARGILLA_API_KEY="users-own-secret"
    )
    assert done.returncode == 1
    assert "Argilla at http://127.0.0.1:9 does not answer" in done.stderr
    assert "users-own-secret" not in done.stdout + done.stderr
    wrong = copydesk(
        "load", ARGILLA_API_URL=services.environment["ARGILLA_API_URL"], ARGILLA_API_KEY="wrong"
    )
    assert "refuses the API key" in wrong.stderr
    prefect = copydesk("load", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert prefect.returncode == 1
    assert "Prefect at http://127.0.0.1:9/api does not answer" in prefect.stderr
    assert "Traceback" not in prefect.stderr


def test_ctrl_c_inside_of_prefect_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise ValueError("Task run is not set")  # noqa: B904

    monkeypatch.setattr(commands, "app", interrupted)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == f"{commands.INTERRUPTED}\n"


def test_other_faults_are_no_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault: Exception = ValueError("a defect")
    # An error can be its own cause.
    fault.__cause__ = fault

    def faulty() -> None:
        raise fault

    monkeypatch.setattr(commands, "app", faulty)
    with pytest.raises(ValueError, match="a defect"):
        commands.main()
    fault = httpx.ReadError("gone")
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 1
    assert "a service stopped answering" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "insight"), [([], True), (["--no-insight"], False)])
def test_a_round_may_go_without_insight(
    monkeypatch: pytest.MonkeyPatch, options: list[str], insight: bool
) -> None:
    asked: list[bool] = []

    class EnoughError(Exception):
        pass

    def run(config: Curate) -> None:
        asked.append(config.insight)
        raise EnoughError

    monkeypatch.setattr(commands, "use_services", lambda: None)
    monkeypatch.setattr("flows.curate.curate", run)
    found = CliRunner().invoke(commands.app, ["curate", *options])
    assert isinstance(found.exception, EnoughError), found.output
    assert asked == [insight]


@pytest.mark.parametrize(
    "arguments",
    [["load", "--limit", "0"], ["up", "--hub-port", "99999"], ["train", "--per-class=1"]],
)
def test_numbers_out_of_range_are_refused_at_once(arguments: list[str]) -> None:
    done = copydesk(*arguments)
    assert done.returncode == 2
    assert "Invalid value for" in done.stderr


def test_without_services_the_next_command_is_named(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    for command in ("env", "load"):
        done = copydesk(command, COPYDESK_HOME=home)
        assert done.returncode == 1
        assert "Run copydesk up" in done.stderr
    mistaken = copydesk("load", "--set", "review.blind=1", COPYDESK_HOME=home)
    assert "--set review.blind does not fit desk desk.yaml" in mistaken.stderr
    assert "review.blind: unknown key" in mistaken.stderr
    assert copydesk("status", COPYDESK_HOME=home).returncode == 3
    assert "No services were running" in copydesk("down", COPYDESK_HOME=home).stdout


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    done = copydesk("up", COPYDESK_HOME=str(blocked / "home"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Set COPYDESK_HOME" in done.stderr


@pytest.mark.services
def test_status_env_and_doctor_of_running_services(services: Services) -> None:
    status = copydesk("status")
    assert status.returncode == 0, status.stdout
    names = [line.split()[0] for line in status.stdout.split("\n\n")[0].splitlines()]
    programs = ["redis", "argilla", "argilla-worker", "hub", "prefect"]
    assert names == ["PROGRAM", *programs, "manager"]
    told = json.loads(copydesk("status", "--json").stdout)
    assert set(told) == {"home", "manager", "programs", "data_bytes"}
    assert [row["name"] for row in told["programs"]] == programs
    assert all(row["healthy"] and row["pid"] and row["memory_mb"] > 1 for row in told["programs"])
    assert told["data_bytes"]["argilla_database"] > 100_000
    exported = copydesk("env").stdout
    for name, value in services.environment.items():
        assert f"export {name}={value}" in exported
    assert f"export COPYDESK_HOME={services.home.root}" in exported
    again = copydesk("up")
    assert again.returncode == 0
    assert services.environment["ARGILLA_API_URL"] in again.stdout
    doctor = copydesk("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "FAIL" not in doctor.stdout
    assert services.environment["HF_TOKEN"] not in doctor.stdout


def test_doctor_names_what_mends_each_failure(tmp_path: Path) -> None:
    done = copydesk("doctor", COPYDESK_HOME=str(tmp_path / "h"), COPYDESK_ARGILLA_PYTHON="/none")
    assert done.returncode == 1
    failures = done.stdout.count("FAIL")
    assert failures == done.stdout.count("→") >= 3
    assert "make setup" in done.stdout
    assert "copydesk up" in done.stdout
