"""The bus between processes: one Redis subscription each, through the channel layer."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

from channels.layers import get_channel_layer

from apps import telemetry

from . import bus

log = logging.getLogger(__name__)

GROUP = "livedesk"
BUDGET = 0.5  # seconds that telling others may take; what takes longer is dropped and found by the sweep
RETRY = 1.0
REST = 0.5  # seconds that nothing is sent after a failure: who cannot be told looks by itself
DEAF = 3.0  # seconds after the last failure in which others may not hear yet: each joins again at a moment of its own


class RedisLink:
    """Sends what this process publishes and hands over what others publish. Redis may come and go."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.name = uuid.uuid4().hex
        self.layer = get_channel_layer()
        self.sending: set[asyncio.Task[None]] = set()
        self.joined = asyncio.Event()
        self.rests_until = 0.0
        self.deaf_until = 0.0
        self.away = False
        self.listening = loop.create_task(self.listen())

    def send(self, channel: str, message: Any) -> None:
        """From any thread; never waits and never raises."""
        if not self.loop.is_closed() and self.loop.time() >= self.rests_until:
            self.loop.call_soon_threadsafe(self.start_sending, channel, message)

    def start_sending(self, channel: str, message: Any) -> None:
        task = self.loop.create_task(self.tell(channel, message))
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    async def tell(self, channel: str, message: Any) -> None:
        envelope = {"type": "bus.message", "from": self.name, "channel": channel, "message": message}
        try:
            await asyncio.wait_for(self.layer.group_send(GROUP, envelope), BUDGET)
        except Exception as error:
            self.failed("telling", error)
        else:
            self.works()

    def failed(self, what: str, error: Exception) -> None:
        """Counted each time, told once until it works again."""
        telemetry.faults.labels("redis").inc()
        now = self.loop.time()
        self.rests_until, self.deaf_until = now + REST, now + DEAF
        if not self.away:
            self.away = True
            log.warning("%s the other processes failed: %r; pages look by themselves until Redis is back", what, error)

    def unheard(self) -> bool:
        return self.loop.time() < self.deaf_until

    def works(self) -> None:
        if self.away:
            self.away = False
            log.warning("the other processes can be told again")

    async def listen(self) -> None:
        while True:
            try:
                inbox = await self.layer.new_channel()
                await self.layer.group_add(GROUP, inbox)
                self.joined.set()
                while True:
                    envelope = await self.layer.receive(inbox)
                    if envelope["from"] != self.name:
                        bus.hear(envelope["channel"], envelope["message"])
            except Exception as error:
                self.failed("listening to", error)
                await asyncio.sleep(RETRY)

    async def close(self) -> None:
        self.listening.cancel()
        await asyncio.gather(self.listening, *self.sending, return_exceptions=True)
        await self.layer.flush()
