"""How late pages see changes: what they say is checked, bounded, spaced, and counted by kind."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import httpx
import pytest

from apps import telemetry
from apps.live import acks
from apps.live.acks import LEAST_MS, MOST_MS
from apps.live.hub import Hub
from apps.live.vocabulary import Unspeakable, hear
from apps.telemetry.latency import KINDS, counts, present, recent, update_latency
from tests.browser.server import DeskServer

from .conftest import Reader
from .test_socket import Trader, close_code, until


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    for kind in KINDS:
        recent[kind].counts.clear()
    acks.forget(math.inf)
    yield


@pytest.fixture
def alice(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "alice")
    yield trader
    trader.http.close()


def ack(kind: object, ms: object, **more: object) -> str:
    return json.dumps({"type": "ack", "kind": kind, "ms": ms, **more})


def samples() -> dict[str, object]:
    return {kind: told["samples"] for kind, told in present([counts()]).items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ms", [LEAST_MS, -1, 0, 0.5, 85, 85.25, MOST_MS])
def test_what_a_page_says_is_counted_by_kind(kind: str, ms: float) -> None:
    hear(Hub(), Reader(1), ack(kind, ms))

    assert samples() == {**dict.fromkeys(KINDS, 0), kind: 1}


def test_percentiles_are_in_milliseconds_and_null_where_nobody_told() -> None:
    for number in range(100):
        hear(Hub(), Reader(number), ack("quote", number))

    told = present([counts()])
    assert told["quote"]["samples"] == 100
    assert [told["quote"][rank] for rank in ("p50", "p95", "p99")] == [pytest.approx(n, abs=2) for n in (50, 95, 99)]
    assert told["event"] == {"p50": None, "p95": None, "p99": None, "samples": 0}


@pytest.mark.parametrize(
    "said",
    [
        ack("quote", LEAST_MS - 1), ack("quote", MOST_MS + 1), ack("quote", 10**400), ack("quote", True),
        ack("quote", None), ack("quote", "5"), ack("quote", [5]), ack("quote", float("nan")),
        ack("quote", float("inf")), ack("quote", float("-inf")), ack("nosuch", 5), ack("", 5), ack(None, 5),
        ack(["quote"], 5), ack({}, 5), ack("quote", 5, more=1), ack("beat", 5),
        '{"type": "ack", "kind": "quote"}', '{"type": "ack", "ms": 5}', '{"type": "ack"}',
    ],
)  # fmt: skip
def test_anything_else_is_unspeakable_and_invents_no_label(said: str) -> None:
    with pytest.raises(Unspeakable):
        hear(Hub(), Reader(1), said)

    labels = {sample.labels["kind"] for family in update_latency.collect() for sample in family.samples}
    assert labels == set(KINDS)
    assert set(samples().values()) == {0}


def test_one_page_weighs_no_more_than_another() -> None:
    """Extra ones are passed over and are no error."""
    hub, page = Hub(), Reader(1)
    for _ in range(500):
        hear(hub, page, ack("event", 600_000))
    hear(hub, page, ack("state", 5))
    for number in range(2, 12):
        hear(hub, Reader(number), ack("event", 50))

    told = present([counts()])
    assert (told["event"]["samples"], told["state"]["samples"]) == (11, 1)
    assert told["event"]["p50"] == pytest.approx(50, abs=10)


def test_nor_does_a_user_who_opens_one_socket_after_another() -> None:
    hub = Hub()
    for _ in range(500):
        hear(hub, Reader(1), ack("event", 600_000))
    hear(hub, Reader(2), ack("event", 50))

    assert samples()["event"] == 2


def test_of_users_long_gone_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acks, "MOST_USERS", 100)
    monkeypatch.setattr(acks, "USER_SPACED_SECONDS", 0.0)
    for number in range(1_000):
        hear(Hub(), Reader(number), ack("event", 50))

    assert len(acks._users) <= 100


def test_it_reaches_health_and_metrics_of_a_real_server(alice: Trader, desk_server: DeskServer) -> None:
    with alice.socket() as line:
        for message in (ack("event", 85), ack("event", 86), '{"type": "ping", "at": 1}'):
            line.send(message)
        until(line, lambda frame: 'id="pong"' in frame)
        report = httpx.get(f"{desk_server.url}/health").json()
        metrics = httpx.get(f"{desk_server.url}/metrics").text

    assert report["websocket"]["latency"]["event"]["samples"] == 1
    assert 75 <= report["websocket"]["latency"]["event"]["p50"] <= 100
    assert 'livedesk_update_latency_seconds_bucket{kind="event",le="0.1"} 1.0' in metrics
    assert 'livedesk_update_latency_seconds_bucket{kind="event",le="0.075"} 0.0' in metrics


def test_what_is_none_ends_the_socket(alice: Trader) -> None:
    """R-CODES: WS004."""
    with alice.socket() as line:
        line.send(ack("nosuch", 5))

        assert close_code(line) == 4400


def test_the_registry_has_it() -> None:
    assert "livedesk_update_latency_seconds" in {family.name for family in telemetry.registry.collect()}
