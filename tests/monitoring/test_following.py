"""Dashboards are read again while somebody looks at them, once they have changed and their pause is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from apps import telemetry
from apps.live import fragments, running
from apps.live.hub import Hub
from apps.monitoring.following import Following
from apps.monitoring.pages import Dashboard, shown
from tests.live.conftest import Reader

LATER = 100.0  # seconds on a clock of the tests' own


class Gauge(Dashboard):
    """`changed` is moved by hand."""

    kind = "gauge"
    template = "monitoring/_as_of.html"
    every = 5.0

    def __init__(self) -> None:
        self.changed = 1
        self.read = 0
        self.named = 0

    def key_of(self, user: Any, params: Mapping[str, str]) -> str:
        self.named += 1
        return super().key_of(user, params)

    def changed_us(self, key: str) -> int:
        return self.changed

    def load(self, key: str) -> int:
        self.read += 1
        return self.changed

    def context(self, key: str, facts: int) -> dict[str, Any]:
        return {"at": None}


class Mute(Gauge):
    """Cannot say when it changed."""

    kind = "mute"

    def changed_us(self, key: str) -> int:
        raise RuntimeError("the database is away")


@pytest.fixture
def gauge() -> Iterator[Gauge]:
    made = Gauge()
    fragments.register(made)
    fragments.register(Mute())
    yield made
    for kind in ("gauge", "mute"):
        del fragments.registry[kind]


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    yield running.running_hub()
    await running.stop_hub()


async def looked(hub: Hub, topic: str = "gauge/now") -> Reader:
    """A page that shows it, and has it as it is."""
    reader = Reader(1)
    hub.join(reader, [topic], has=[topic])
    return reader


async def read_after(following: Following, hub: Hub, gauge: Gauge, now: float) -> int:
    """How often it has been read once that turn is over."""
    await following.turn(hub, now)
    while hub.reading.readers:
        for task in tuple(hub.tasks):
            await task
    return gauge.read


@pytest.mark.django_db(transaction=True)
async def test_what_has_changed_is_read_once_its_pause_is_over(hub: Hub, gauge: Gauge) -> None:
    following, reader = Following(), await looked(hub)
    read = [await read_after(following, hub, gauge, LATER)]
    await reader.until(bool)
    for seconds, changed in ((6.0, 1), (7.0, 2), (8.0, 3), (11.9, 3), (12.1, 3), (30.0, 3)):
        gauge.changed = changed
        read.append(await read_after(following, hub, gauge, LATER + seconds))

    assert read == [1, 1, 2, 2, 2, 3, 3]


@pytest.mark.django_db(transaction=True)
async def test_nothing_is_read_for_nobody_or_for_pages_in_the_background(hub: Hub, gauge: Gauge) -> None:
    following = Following()
    unwatched = await read_after(following, hub, gauge, LATER)
    reader = await looked(hub)
    hub.hidden.hide(reader)
    hidden = await read_after(following, hub, gauge, LATER + 10)
    hub.hidden.show(reader)
    seen = await read_after(following, hub, gauge, LATER + 11)
    hub.leave(reader)
    gone = await read_after(following, hub, gauge, LATER + 30)

    assert (unwatched, hidden, seen, gone) == (0, 0, 1, 1)
    assert following.told == {}


@pytest.mark.django_db(transaction=True)
async def test_one_that_cannot_be_asked_keeps_no_other_from_its_turn(
    hub: Hub, gauge: Gauge, caplog: pytest.LogCaptureFixture
) -> None:
    following, counted = Following(), telemetry.value(telemetry.faults.labels("dashboards"))
    await looked(hub, "mute/now")
    await looked(hub)
    read = [await read_after(following, hub, gauge, LATER + seconds) for seconds in (0, 1)]

    assert read == [1, 1]
    assert telemetry.value(telemetry.faults.labels("dashboards")) == counted + 2
    assert [record.getMessage()[:26] for record in caplog.records] == ["asking whether mute/now ha"]


def test_a_page_asks_once_what_it_shows(gauge: Gauge, alice: Any) -> None:
    """It may be a question to the database."""
    told = shown(alice, "gauge", {})

    assert (told["topic"], gauge.named, gauge.read) == ("gauge/now", 1, 1)
    assert "gauge/now" in told["live"]
