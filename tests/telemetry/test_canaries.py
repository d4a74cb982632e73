"""S10: secrets go through every way into a real desk, and come out in no line of its log."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import websockets

from tests.browser.server import ROOT, DeskServer, environment

CANARY = "c4n4ry"
METRICS_TOKEN = f"{CANARY}-metrics-token-of-some-length"


@pytest.fixture(scope="module")
def desk(start_desk: Callable[..., DeskServer]) -> DeskServer:
    return start_desk(
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        METRICS_TOKEN=METRICS_TOKEN,
        DISCORD_CLIENT_ID="1",
        DISCORD_CLIENT_SECRET=f"{CANARY}-discord",
        DISCORD_BOT_TOKEN=f"{CANARY}-bot",
        DISCORD_API_BASE="http://127.0.0.1:9/api",  # nobody is there: each exchange of a code is a fault
    )


def test_no_secret_is_in_any_line(desk: DeskServer) -> None:
    with httpx.Client(base_url=desk.url, headers={"cookie": f"sessionid={CANARY}{'a' * 26}"}) as client:
        asked = [
            client.get("/accounts/discord/login/callback/", params={"code": CANARY, "state": CANARY}),
            client.get("/metrics", headers={"authorization": f"Bearer {CANARY}"}),
            client.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"}),
            client.post("/orders/", data={"csrfmiddlewaretoken": CANARY, "password": CANARY}),
            client.post("/orders/", content=f'{{"token": "{CANARY}"', headers={"content-type": "application/json"}),
            client.get("/nowhere/", params={"token": CANARY}),
            client.get("/", headers={"host": f"{CANARY}.example.com"}),
        ]
    asyncio.run(knock(desk))

    lines = desk.log.read_text().splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    assert [response.status_code for response in asked][1:] == [200, 200, 403, 403, 404, 400]
    assert len({response.headers["x-request-id"] for response in asked if "x-request-id" in response.headers}) >= 5
    assert [line for line in lines if CANARY in line.replace(f"{CANARY}.example.com", "")] == []
    assert any(each.get("request") for each in said)


async def knock(desk: DeskServer) -> None:
    address = f"{desk.url.replace('http', 'ws')}/ws/desk/?since={CANARY}"
    cookie = {"Cookie": f"sessionid={CANARY}{'a' * 26}"}
    async with websockets.connect(address, origin=desk.url, additional_headers=cookie) as line:
        with pytest.raises(websockets.ConnectionClosed):
            await line.send(f'{{"token": "{CANARY}"}}')
            await line.recv()


@pytest.mark.parametrize(
    "services",
    [
        {"DATABASE_URL": f"postgres://desk:{CANARY}@127.0.0.1:9/livedesk"},
        {
            "DATABASE_URL": f"postgres://desk:{CANARY}@127.0.0.1:9/livedesk",
            "REDIS_URL": f"redis://:{CANARY}@127.0.0.1:9",
        },
    ],
    ids=["database", "redis"],
)
def test_no_password_of_a_service_that_is_away_is_said(tmp_path: Path, services: dict[str, str]) -> None:
    known = {"SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "localhost", **services}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env=environment(tmp_path, **known),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert CANARY not in done.stdout + done.stderr
