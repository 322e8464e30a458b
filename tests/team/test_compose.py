"""deploy/compose.yaml: the schema of the Compose specification, and what a schema cannot say."""

import base64
import re
import stat
import subprocess
import sys
from pathlib import Path

import yaml

from embedded.programs import argilla_python
from tests.team import compose

ONE_SHOT = "migrations"
PAGE = compose.PROJECT / "docs" / "team-server.md"


def check_schema(file: Path) -> "subprocess.CompletedProcess[str]":
    # The schema is the Compose specification's own, as the dev dependency carries it.
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema"]
    return subprocess.run(
        [*command, "vendor.compose-spec", file], capture_output=True, text=True, check=False
    )


def test_the_file_fits_the_compose_specification(tmp_path: Path) -> None:
    done = check_schema(compose.FILE)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    text = compose.FILE.read_text(encoding="utf-8")
    wrong.write_text(text.replace("    restart: unless-stopped", "    restrat: unless-stopped"))
    assert "restrat" in check_schema(wrong).stdout


def test_every_service_restarts_is_checked_and_rotates_its_log() -> None:
    services = compose.services()
    assert set(services) == {
        "migrations", "argilla", "worker", "elasticsearch", "postgres", "redis",
    }  # fmt: skip
    for name, service in services.items():
        assert service["restart"] in ("unless-stopped", "on-failure:5"), name
        assert service["logging"]["options"]["max-size"], name
        if name != ONE_SHOT:
            check = service["healthcheck"]
            assert check["test"][0] in ("CMD", "CMD-SHELL"), name
            assert {"interval", "timeout", "retries"} <= set(check), name


def test_services_start_in_order() -> None:
    services = compose.services()
    wanted = {
        "migrations": {"postgres": "service_healthy"},
        "argilla": {
            "migrations": "service_completed_successfully",
            "elasticsearch": "service_healthy",
            "redis": "service_healthy",
        },
        "worker": {"argilla": "service_healthy"},
    }
    for name, service in services.items():
        found = {n: d["condition"] for n, d in service.get("depends_on", {}).items()}
        assert found == wanted.get(name, {}), name


def test_only_argilla_is_published_and_only_on_loopback() -> None:
    published = {n: s["ports"] for n, s in compose.services().items() if "ports" in s}
    assert published == {"argilla": ["127.0.0.1:6900:6900"]}
    assert all("network_mode" not in s for s in compose.services().values())


def test_data_lives_in_named_volumes() -> None:
    whole = yaml.safe_load(compose.FILE.read_text(encoding="utf-8"))
    mounted = {v.split(":")[0] for s in whole["services"].values() for v in s.get("volumes", ())}
    assert mounted == set(whole["volumes"]) == {"argilla", "elasticsearch", "postgres", "redis"}


def test_versions_are_pinned_and_argilla_is_the_one_tested_here() -> None:
    pins = (compose.PROJECT / "pins" / "argilla-server.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"^argilla-server==(.+)$", pins, re.MULTILINE)
    images = {name: service["image"] for name, service in compose.services().items()}
    for name, image in images.items():
        tag = image.rpartition(":")[2]
        assert re.match(r"v?\d", tag), (name, image)
    for name in ("argilla", "worker", "migrations"):
        assert images[name] == f"argilla/argilla-server:v{version}"


def test_every_variable_is_a_secret_without_a_default() -> None:
    found = compose.variables()
    assert set(found) == {
        "POSTGRES_PASSWORD", "ELASTIC_PASSWORD", "REDIS_PASSWORD", "ARGILLA_AUTH_SECRET_KEY",
    }  # fmt: skip
    for name, rests in found.items():
        assert all(re.fullmatch(r":\?[\w ./-]+", rest) for rest in rests), name
    # No other secret stands in the file: whatever is called so comes from a variable.
    for service in compose.services().values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|AUTH", key):
                assert compose.VARIABLE.match(value), key


def test_the_documented_command_makes_the_secrets_once(tmp_path: Path) -> None:
    (command,) = re.findall(r"```bash\n *(\(umask.*?\.env\))\n", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "deploy").mkdir()
    first = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert first.returncode == 0, first.stderr
    file = tmp_path / "deploy" / ".env"
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert set(lines) == set(compose.variables())
    assert len(set(lines.values())) == len(lines)
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in lines.values())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert again.returncode != 0
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()) == lines


def test_argillas_variables_are_settings_that_its_server_has() -> None:
    script = """
from argilla_server.settings import Settings
from argilla_server.security.settings import Settings as Security
for prefix, settings in (("ARGILLA_", Settings), ("ARGILLA_AUTH_", Security)):
    print(*(prefix + name.upper() for name in settings.model_fields), sep="\\n")
"""
    done = subprocess.run(
        [argilla_python(), "-c", script], capture_output=True, text=True, check=True
    )
    for service in ("migrations", "argilla", "worker"):
        environment = compose.services()[service]["environment"]
        mine = {name for name in environment if name.startswith("ARGILLA_")}
        assert len(mine) == 7
        assert mine <= set(done.stdout.split())


def test_elasticsearchs_password_in_the_address_is_sent_by_argillas_client() -> None:
    values = compose.random_secrets()
    url = compose.environment("argilla", values)["ARGILLA_ELASTICSEARCH"]
    script = (
        "import sys; from elasticsearch8 import AsyncElasticsearch as E; "
        "client = E(hosts=sys.argv[1]); print(*(n.headers.get('authorization', '') "
        "for n in (node.config for node in client.transport.node_pool.all())))"
    )
    done = subprocess.run(
        [argilla_python(), "-c", script, url], capture_output=True, text=True, check=True
    )
    basic = base64.b64encode(f"elastic:{values['ELASTIC_PASSWORD']}".encode()).decode()
    assert done.stdout.split() == ["Basic", basic]
