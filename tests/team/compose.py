"""deploy/compose.yaml as the tests use it: parsed, and with values in place of its variables."""

import re
import secrets
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "deploy" / "compose.yaml"
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)([^}]*)\}")


def services() -> dict[str, dict[str, Any]]:
    """The services, with YAML's merges done."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


def variables() -> dict[str, set[str]]:
    """Name of each ``${…}`` variable → what stands behind the name."""
    found: dict[str, set[str]] = {}
    for name, rest in VARIABLE.findall(FILE.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(rest)
    return found


def random_secrets() -> dict[str, str]:
    """A value for each variable, as the documented command makes them."""
    return {name: secrets.token_hex(32) for name in variables()}


def environment(service: str, values: dict[str, str]) -> dict[str, str]:
    """The environment of a service, with the variables' values in it."""
    raw = services()[service]["environment"]
    return {k: VARIABLE.sub(lambda m: values[m[1]], v) for k, v in raw.items()}
