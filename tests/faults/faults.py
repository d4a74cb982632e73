"""A TCP proxy that spoils a line on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tests.ports import free_port

from .background import Background

PIECE = 65536


class FaultProxy:
    """Stands before a port. `mode` is pass, delay (each piece late by `delay` seconds), blackhole (taken and kept
    until it passes again) or refuse; `reset` cuts every line at once."""

    def __init__(self, background: Background, target: int) -> None:
        self.background, self.target, self.port = background, target, free_port()
        self.mode, self.delay = "pass", 0.0
        self.lines: set[asyncio.StreamWriter] = set()
        self.passing: asyncio.Event | None = None
        background.call(self.listen())

    async def listen(self) -> None:
        self.passing = asyncio.Event()
        self.passing.set()
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            assert self.passing
            if self.mode == "blackhole":
                await self.passing.wait()
            if self.mode == "refuse":
                return
            back, other = await self.reach()
            self.lines.add(other)
            both = [asyncio.create_task(self.carry(*way)) for way in ((reader, other), (back, writer))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        except OSError:
            return
        finally:
            for line in (writer, other):
                if line is not None:
                    self.lines.discard(line)
                    line.transport.abort()

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self.passing
        while piece := await reader.read(PIECE):
            if self.mode == "delay":
                await asyncio.sleep(self.delay)
            await self.passing.wait()
            writer.write(piece)
            await writer.drain()

    def become(self, mode: str, delay: float = 0.0) -> None:
        self.background.call(self.turn(mode, delay))

    async def turn(self, mode: str, delay: float) -> None:
        assert self.passing
        self.mode, self.delay = mode, delay
        if mode == "blackhole":
            self.passing.clear()
        else:
            self.passing.set()

    def reset(self) -> None:
        self.background.call(self.cut())

    async def cut(self) -> None:
        for line in tuple(self.lines):
            line.transport.abort()

    def close(self) -> None:
        async def shut() -> None:
            self.server.close()
            await self.cut()

        self.background.call(shut())

    def __repr__(self) -> str:
        return f"<proxy to {self.target}: {self.mode}>"


Way = TypeVar("Way", bound=FaultProxy)


@contextmanager
def way_to(port: int, kind: type[Way]) -> Iterator[Way]:
    """The one way to that port for who takes it, with a loop of its own; open again in the end, and taken away."""
    background = Background()
    way = kind(background, port)
    yield way
    way.become("pass")
    way.close()
    background.end()
