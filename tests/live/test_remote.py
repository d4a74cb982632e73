"""R-SCALE: the bus between processes, over a real Redis."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import channel_layers

from apps.live import bus
from apps.live.remote import DEAF, GROUP, RedisLink
from tests.patience import at_most
from tests.services import redis

pytestmark = pytest.mark.redis

OTHER = """
import asyncio, django
django.setup()
from apps.live import bus
async def main():
    bus.attach(asyncio.get_running_loop())
    bus.publish("letters", [["A", 1]])
    bus.ring("user/7")
    await asyncio.sleep(0)
    link = bus._bus.remote
    await asyncio.gather(*link.sending)
asyncio.run(main())
"""


@pytest.fixture
def redis_url(settings: Any) -> Iterator[str]:
    with redis() as url:
        host = {**settings.REDIS_HOST, "address": url}
        settings.CHANNEL_LAYERS = {
            "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}
        }
        channel_layers.backends = {}
        yield url
        channel_layers.backends = {}


async def test_what_one_process_publishes_every_other_hears(redis_url: str, tmp_path: Any) -> None:
    heard: list[Any] = []
    done = asyncio.Event()

    def hear(message: Any) -> None:
        heard.append(message)
        if len(heard) == 2:
            done.set()

    link = RedisLink(asyncio.get_running_loop())
    bus.subscribe("letters", hear)
    bus.subscribe(bus.RINGS, hear)
    try:
        async with asyncio.timeout(40):
            await link.joined.wait()
        env = {"REDIS_URL": redis_url, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER, env=env, stderr=subprocess.PIPE)
        _, errors = await other.communicate()
        assert (other.returncode, errors) == (0, b"")
        async with asyncio.timeout(40):
            await done.wait()
    finally:
        bus.unsubscribe("letters", hear)
        bus.unsubscribe(bus.RINGS, hear)
        await link.close()

    assert heard == [[["A", 1]], "user/7"]


async def test_own_messages_are_not_heard_twice(redis_url: str) -> None:
    heard: list[Any] = []
    done = asyncio.Event()

    def hear(message: Any) -> None:
        heard.append(message)
        done.set()

    link = RedisLink(asyncio.get_running_loop())
    bus.subscribe("echo", hear)
    try:
        async with asyncio.timeout(40):
            await link.joined.wait()
            await link.tell("echo", "mine")
            theirs = {"type": "bus.message", "from": "another process", "channel": "echo", "message": "theirs"}
            await link.layer.group_send(GROUP, theirs)
            await done.wait()
    finally:
        bus.unsubscribe("echo", hear)
        await link.close()

    assert heard == ["theirs"]


async def test_a_redis_that_is_gone_costs_half_a_second_and_no_error(
    redis_url: str, settings: Any, caplog: Any
) -> None:
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["address"] = "redis://127.0.0.1:1"
    channel_layers.backends = {}
    link = RedisLink(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(at_most(3.0)):
            await link.tell("rings", "user/7")
    finally:
        await link.close()

    told = [line for line in caplog.messages if "the other processes failed" in line]  # whichever noticed first
    assert len(told) == 1


async def test_what_is_published_counts_as_unheard_for_a_while_after_a_failure(redis_url: str) -> None:
    """Redis is back for this process; the others may not have noticed yet."""
    link = RedisLink(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(40):
            await link.joined.wait()
            heard = not link.unheard()
            link.failed("telling", ConnectionError("gone"))
            await link.tell("rings", "user/7")
    finally:
        await link.close()

    assert heard
    assert (link.away, link.unheard()) == (False, True)
    assert 0 < link.deaf_until - link.loop.time() <= DEAF
