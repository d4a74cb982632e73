"""A canary whose way is broken: somebody is told within its window, and when it is over too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.alerts.conftest import Receiver
from tests.alerts.test_watching import heard
from tests.browser.server import DeskServer, manage
from tests.faults.background import Background
from tests.faults.faults import FaultProxy
from tests.patience import at_most

TURN_S, RAISED_S, DELIVERED_S = 6, 15, 5
TOLD_S = 2 * TURN_S + RAISED_S + DELIVERED_S
RULE = "Canary failed twice in a row"
CHANNEL = """
from apps.alerts.models import Channel
Channel.objects.create(name="Ops", kind="slack", least="critical", sealed_address="{url}/ops")
"""


REFUSE = """
from django.db import connection
connection.cursor().execute(
    "CREATE TRIGGER full BEFORE INSERT ON live_event WHEN NEW.kind = 'canary.sang' "
    "BEGIN SELECT RAISE(ABORT, 'no more events'); END"
)
"""
TAKE_AGAIN = "from django.db import connection; connection.cursor().execute('DROP TRIGGER full')"


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.end()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mode", "stage"), [("refuse", "connect"), ("blackhole", "")])
async def test_what_breaks_the_way_is_told_and_its_end_too(
    start_desk: Callable[..., DeskServer],
    receiver: Receiver,
    background: Background,
    mode: str,
    stage: str,
    record_property: Callable[[str, Any], None],
) -> None:
    """R-CANARY: refused, or taken and never answered: told within 20 s of the second failure, and over by the next
    that arrives."""
    proxy = FaultProxy(background, 0)
    desk = await asyncio.to_thread(
        start_desk, ALERTS_ALLOW_PRIVATE="on", CANARY_SECONDS=str(TURN_S), CANARY_URL=f"http://127.0.0.1:{proxy.port}"
    )
    proxy.target = desk.port
    await asyncio.to_thread(manage, desk.var, "shell", "-c", CHANNEL.format(url=receiver.url))

    began = time.monotonic()
    proxy.become(mode)
    proxy.reset()
    await heard(receiver, f"critical: {RULE}", within=at_most(TOLD_S))
    told = time.monotonic() - began
    proxy.become("pass")
    await heard(receiver, f"resolved: {RULE}", within=at_most(TOLD_S))
    proxy.close()

    record_property("figure", f"a canary whose way was broken ({mode}) was told after {told:.1f} s")
    assert f"the canary failed to {stage}" in desk.log.read_text()


@pytest.mark.timeout(300)
async def test_an_event_that_the_database_refuses_is_told_as_that(
    start_desk: Callable[..., DeskServer], receiver: Receiver, record_property: Callable[[str, Any], None]
) -> None:
    """R-CANARY: the line is whole, the commit is not; who is told reads which, and hears of the end."""
    desk = await asyncio.to_thread(start_desk, ALERTS_ALLOW_PRIVATE="on", CANARY_SECONDS=str(TURN_S))
    await asyncio.to_thread(manage, desk.var, "shell", "-c", CHANNEL.format(url=receiver.url))

    began = time.monotonic()
    await asyncio.to_thread(manage, desk.var, "shell", "-c", REFUSE)
    await heard(receiver, "(above 1); the last one failed to commit", within=at_most(TOLD_S))
    told = time.monotonic() - began
    await asyncio.to_thread(manage, desk.var, "shell", "-c", TAKE_AGAIN)
    await heard(receiver, f"resolved: {RULE}", within=at_most(TOLD_S))

    record_property("figure", f"a canary whose event was refused was told after {told:.1f} s")
    assert "the canary failed to commit: IntegrityError('no more events')" in desk.log.read_text()
