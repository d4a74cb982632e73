"""The canary's socket: the way of every page's, for a line that is no user's."""

from __future__ import annotations

import asyncio

from django.conf import settings

from apps.live.codes import MALFORMED, TIMED_OUT
from apps.live.consumers import LivePage
from apps.live.identity import header
from apps.live.pages import stream_seq
from apps.live.readers import on_reader
from apps.live.running import running_hub
from apps.live.viewer import Viewer

from .models import STREAM, TOPIC
from .tokens import is_good

LONGEST_S = 30.0
NOBODY = 0


class CanaryConsumer(LivePage):
    """To a stranger it is not there. It is shown one number, understands nothing, and lasts half a minute at most.

    It is counted among no sockets: what is said of those is said of people's pages.
    """

    ending: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        kind, _, token = header(self.scope, b"authorization").partition(" ")
        if not settings.CANARY_SECONDS or kind != "Bearer" or not is_good(token):
            await self.close()
            return
        await self.accept()
        self.ending = asyncio.get_running_loop().call_later(LONGEST_S, self.close_soon, TIMED_OUT.close)
        number = await on_reader(stream_seq, STREAM)
        sink = self.scope.get("extensions", {}).get("fanout")
        self.viewer = Viewer(NOBODY, "", sink.write if sink else self.start_writing(), self.close_soon)
        self.viewer.cursors, self.viewer.newest = {STREAM: number}, {STREAM: number}
        running_hub().let_listen(self.viewer, [TOPIC])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.end(MALFORMED)

    def leave(self, code: int | None) -> None:
        if self.ending is not None:
            self.ending.cancel()
        if self.viewer is None:
            return
        running_hub().leave(self.viewer)
        if self.writer is not None:
            self.writer.cancel()
        self.viewer = None
