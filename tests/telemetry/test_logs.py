"""R-LOG: every line names its ids, and no secret is in any."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest

from apps.telemetry.logs import bound, logging_of
from apps.telemetry.redaction import HIDDEN, Redaction

CANARY = "c4n4ry-0f-4-s3cr3t"


class Lines:
    """A logger whose lines are kept, written as the desk writes them."""

    def __init__(self, form: str, secrets: list[str]) -> None:
        self.stream = io.StringIO()
        configuration = logging_of("DEBUG", form, secrets)
        formatter = configuration["formatters"]["line"]
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter.pop("()")(**formatter))
        self.log = logging.getLogger("desk.test")
        self.log.handlers, self.log.propagate = [handler], False
        self.log.setLevel(logging.DEBUG)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def last(self) -> dict[str, Any]:
        return json.loads(self.text.splitlines()[-1])


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines("json", [CANARY])
    yield made
    made.log.handlers, made.log.propagate = [], True


def test_a_line_is_one_object_with_its_ids(lines: Lines) -> None:
    with bound(request="r1", user=7):
        lines.log.warning("the order\nwas %s", "late", extra={"order": "o1"})
    lines.log.debug("after")

    first, after = (json.loads(line) for line in lines.text.splitlines())
    assert {name: first[name] for name in ("event", "level", "logger", "request", "user", "order")} == {
        "event": "the order\nwas late",
        "level": "warning",
        "logger": "desk.test",
        "request": "r1",
        "user": 7,
        "order": "o1",
    }
    assert first["at"].endswith("Z")
    assert after.keys() == {"event", "level", "logger", "at"}


def test_a_line_for_a_person_stays_one_line() -> None:
    lines = Lines("line", [])
    with bound(request="r1"):
        lines.log.error("forged\n2026-01-01 INFO desk all is well\r", extra={"order": "a\nb"})

    assert lines.text.count("\n") == 1
    assert r"ERROR desk.test forged\n2026-01-01 INFO desk all is well\r" in lines.text
    assert {"request=r1", "order=a\\nb"} <= set(lines.text.split())


def test_the_trace_of_a_fault_is_kept_and_its_secrets_are_not(lines: Lines) -> None:
    def connect(password: str) -> None:
        raise ConnectionError(f"postgres://desk:{password}@db/livedesk: refused; password={password}")

    another = "-".join(["an0ther", "0ne"])  # a trace holds the source as well
    try:
        connect(another)
    except ConnectionError:
        lines.log.exception("connecting with %s failed", CANARY)

    trace = lines.last()["exception"]
    assert "ConnectionError: postgres://desk:[hidden]@db/livedesk: refused; password=[hidden]" in trace
    assert another not in lines.text
    assert CANARY not in lines.text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "authorization=Basic {}",
        "{{'Cookie': 'sessionid={}; csrftoken=x'}}",
        "GET /accounts/discord/login/callback/?code={}&state=abc",
        "GET /x?a=1&state={}",
        'body {{"api_key": "{}"}}',
        "APCA-API-SECRET-KEY: {}",
        "client_secret={}&grant_type=code",
        "https://discord.com/api/webhooks/123/{}",
        "https://hooks.slack.com/services/T0/B0/{}",
        "redis://:{}@cache:6379/0",
        "X-Signature: {}",
        "session_key={}",
        "Bot {}",
    ],
)
def test_secrets_are_known_by_their_names_and_shapes(text: str) -> None:
    hidden = Redaction([]).text(text.format(CANARY))

    assert CANARY not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    "text",
    [
        "order 4f1c was filled: 10 AAPL at 150.25, state new",
        "stream user/7 at 12; code 4401",
        "http://desk.example.com/orders/?tab=working&symbol=AAPL",
        "the token bucket is empty",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction(["", "abc"]).text(text) == text
