"""`copydesk doctor`: what is installed, reachable, writable, and what mends the rest."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass

from embedded.errors import ServiceError
from embedded.home import Home
from embedded.programs import argilla_python, redis_server
from embedded.services import exports, is_users_own

PACKAGES = (
    "argilla datasets huggingface_hub peft prefect sentence-transformers setfit torch transformers"
)
FREE_DISK_GB = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, and the command that mends a failure."""

    what: str
    found: str
    ok: bool
    mend: str = ""


def examine(home: Home) -> list[Finding]:
    """Every check, failures included; never raises for what it is there to find."""
    return [
        _python(),
        *(_package(name) for name in PACKAGES.split()),
        _argilla_server(),
        _redis(),
        _writable(home),
        _disk(home),
        *_services(home),
    ]


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", version, sys.version_info >= (3, 11), "Install Python 3.11 or newer.")


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name), ok=True)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", ok=False, mend="make setup")


def _argilla_server() -> Finding:
    what = "argilla-server (own environment)"
    code = "import importlib.metadata as m; print(m.version('argilla-server'))"
    try:
        asked = subprocess.run(
            [argilla_python(), "-c", code], capture_output=True, text=True, check=False
        )
    except ServiceError as error:
        return Finding(what, error.problem, ok=False, mend=error.next_step)
    found = asked.stdout.strip() or "not installed"
    return Finding(what, found, ok=asked.returncode == 0, mend="make setup")


def _redis() -> Finding:
    try:
        return Finding("redis-server", redis_server(), ok=True)
    except ServiceError as error:
        return Finding("redis-server", error.problem, ok=False, mend=error.next_step)


def _writable(home: Home) -> Finding:
    try:
        home.prepare()
    except ServiceError as error:
        return Finding("COPYDESK_HOME", error.problem, ok=False, mend=error.next_step)
    return Finding("COPYDESK_HOME", f"{home.root} is writable", ok=True)


def _disk(home: Home) -> Finding:
    folder = home.root if home.root.exists() else home.root.parent
    free = shutil.disk_usage(folder if folder.exists() else "/").free / 1e9
    mend = f"Free {FREE_DISK_GB} GB on this disk, or set COPYDESK_HOME to another."
    return Finding("free disk", f"{free:.0f} GB", free >= FREE_DISK_GB, mend)


def _services(home: Home) -> list[Finding]:
    own = exports(home) if home.services.exists() else {}
    checks = (
        ("argilla", "ARGILLA_API_URL", "/api/v1/me", "X-Argilla-Api-Key", "ARGILLA_API_KEY", ""),
        ("hub", "HF_ENDPOINT", "/api/whoami-v2", "Authorization", "HF_TOKEN", "Bearer "),
        ("prefect", "PREFECT_API_URL", "/health", "", "", ""),
    )
    findings = []
    for service, variable, path, header, secret, prefix in checks:
        users = is_users_own(home, service)
        values = os.environ if users else own
        url = values.get(variable, "https://huggingface.co" if users and service == "hub" else "")
        key = values.get(secret, "") if secret else ""
        headers = {header: prefix + key} if header and key else {}
        findings.append(_reachable(service, url, path, headers, users, variable, secret))
    return findings


def _reachable(
    service: str,
    url: str,
    path: str,
    headers: dict[str, str],
    users: bool,
    variable: str,
    secret: str,
) -> Finding:
    mend = (
        f"Check {variable}" + (f" and {secret}." if secret else ".")
        if users
        else "copydesk down; copydesk up"
    )
    what = f"{service} ({'yours' if users else 'embedded'})"
    if not url:
        start = mend if users else "copydesk up"
        return Finding(what, "not started", ok=False, mend=start)
    request = urllib.request.Request(url.rstrip("/") + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Finding(what, f"{url} answers {answer.status}", ok=True)
    except urllib.error.HTTPError as error:
        return Finding(what, f"{url} answers HTTP {error.code}", ok=False, mend=mend)
    except (OSError, ValueError) as error:
        return Finding(what, f"{url} does not answer ({error})", ok=False, mend=mend)
