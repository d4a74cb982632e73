"""A wrong DATABASE_URL or REDIS_URL stops the start and is named; a Redis that is only away does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import ROOT, environment
from tests.ports import free_port
from tests.services import redis

from .programs import Redis, Web

pytestmark = [pytest.mark.faults, pytest.mark.redis]

KEY = {"SECRET_KEY": "k" * 60, "HTTPS": "off", "DEMO_SIGN_IN": "on"}


def refusal(home: Path, *words: str, **settings: str) -> str:
    """What a start that must fail says."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(home, **KEY, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def guarded_redis() -> Iterator[str]:
    """A real Redis that wants a password; yields its address without one."""
    with redis() as url:
        import redis as client  # noqa: PLC0415 -- tests.services has a function of that name

        with client.Redis.from_url(url) as door:
            door.config_set("requirepass", "open sesame")
        yield url


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("rundesk",)], ids=["serve", "rundesk"])
def test_a_database_that_nobody_serves_is_named(words: tuple[str, ...], tmp_path: Path) -> None:
    told = refusal(tmp_path, *words, DATABASE_URL=f"postgres://u:hidden@127.0.0.1:{free_port()}/desk")

    assert "DATABASE_URL cannot be used" in told
    assert "hidden" not in told


@pytest.mark.parametrize("url", ["postgres://u@nosuch.invalid/desk", "postgres://u@127.0.0.1:port/desk"])
def test_a_database_address_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    assert "DATABASE_URL" in refusal(tmp_path, "rundesk", DATABASE_URL=url)


def test_a_redis_that_refuses_is_named(guarded_redis: str, tmp_path: Path) -> None:
    told = refusal(tmp_path, "rundesk", REDIS_URL=guarded_redis)

    assert "REDIS_URL cannot be used" in told


@pytest.mark.parametrize("url", ["redis://nosuch.invalid:6379/0", "redis://127.0.0.1:99999/0", "http://127.0.0.1/0"])
def test_a_redis_address_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    assert "REDIS_URL" in refusal(tmp_path, "rundesk", REDIS_URL=url)


def test_a_database_number_that_redis_does_not_have_is_named(guarded_redis: str, tmp_path: Path) -> None:
    url = guarded_redis.replace("redis://", "redis://:open%20sesame@").removesuffix("/0") + "/9999"

    assert "REDIS_URL cannot be used" in refusal(tmp_path, "rundesk", REDIS_URL=url)


def test_a_redis_that_is_away_is_waited_for(desk_template: Path, tmp_path: Path) -> None:
    """P2: a deploy must not depend on it; the start says that it is missing."""
    server = Redis("redis", tmp_path)
    web = Web("web", tmp_path, **KEY, REDIS_URL=server.url)
    subprocess.run(["cp", "-a", f"{desk_template}/.", str(tmp_path / "var")], check=True)
    try:
        web.start()
        assert "REDIS_URL: nobody answers yet" in web.said()
        assert web.runs
    finally:
        web.end()
        server.end()
