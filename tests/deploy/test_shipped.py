"""What is shipped for a deploy says what the desk needs, and nothing that is not there."""

from __future__ import annotations

import base64
import configparser
import re
import secrets
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.browser.server import ROOT, environment

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = [line.split(maxsplit=1) for line in DOCKERFILE.replace("\\\n", " ").splitlines() if re.match(r"[A-Z]+ ", line)]


def said(word: str) -> list[str]:
    return [rest for step, rest in STEPS if step == word]


def test_railway_checks_health_and_starts_again() -> None:
    """R-DEPLOY"""
    deploy = tomllib.loads((ROOT / "railway.toml").read_text())["deploy"]

    assert (deploy["healthcheckPath"], deploy["healthcheckInterval"], deploy["healthcheckTimeout"]) == (
        "/health",
        30,
        10,
    )
    assert (deploy["restartPolicyType"], deploy["restartPolicyMaxRetries"]) == ("ON_FAILURE", 10)
    assert deploy["drainingSeconds"] >= 60
    assert [deploy["preDeployCommand"], deploy["startCommand"]] == [line for _, line in procfile()[:2]]


def procfile() -> list[tuple[str, str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return [(name, command.strip()) for name, _, command in (line.partition(":") for line in lines)]


@pytest.mark.parametrize(("unit", "command"), [("web", "serve"), ("desk", "rundesk")])
def test_units_start_as_nobody_and_leave_time_to_drain(unit: str, command: str) -> None:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(ROOT / f"deploy/livedesk-{unit}.service")
    service = found["Service"]

    words = shlex.split(service["ExecStart"])
    assert words[:3] == ["/srv/livedesk/.venv/bin/python", "manage.py", command]
    assert (service["User"], service["KillSignal"], service["Restart"]) == ("livedesk", "SIGTERM", "on-failure")
    assert int(service["TimeoutStopSec"]) >= 60
    assert service["NoNewPrivileges"] == "yes"


def test_image_runs_as_nobody_and_is_asked_for_its_health() -> None:
    order = [step for step, _ in STEPS]

    assert said("USER") == ["livedesk"]
    assert order.index("USER") < order.index("CMD")
    assert "/healthz" in said("HEALTHCHECK")[0]
    assert said("STOPSIGNAL") == ["SIGTERM"]
    assert said("CMD")[0].startswith('["sh", "-c", "exec python manage.py serve')


def test_image_holds_what_is_needed_by_hash_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {word for line in said("COPY") for word in line.split()[:-1] if not word.startswith(("--", "/"))}

    assert "pip install --require-hashes" in " ".join(said("RUN"))
    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert all(re.fullmatch(r"python:3\.11-slim-\w+( AS build)?", line) for line in said("FROM"))


def test_image_holds_no_key_that_its_making_made() -> None:
    """Collecting static files starts the embedded default, which makes keys."""
    making = next(line for line in said("RUN") if "collectstatic" in line)

    assert "&& rm -f /var/lib/livedesk/*_key " in making


def test_a_deploy_with_its_settings_is_clean(tmp_path: Path) -> None:
    """`manage.py check --deploy` has nothing to say where all that it asks for is set."""
    settings = {
        "DATABASE_URL": "postgres://desk:password@127.0.0.1:9/livedesk",
        "REDIS_URL": "redis://127.0.0.1:9",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "ALLOWED_HOSTS": "desk.example.com",
        "DISCORD_CLIENT_ID": "123456789012345678",
        "DISCORD_CLIENT_SECRET": secrets.token_urlsafe(24),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
