"""HTTP/1.1 over one kept line, as little of it as a load needs: a client that costs much would measure itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    status: int
    head: str
    body: bytes


class Line:
    """One question at a time. Lengths must be told: what is sent in chunks is not understood."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader, self.writer, self.host = reader, writer, host

    @classmethod
    async def to(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port), f"127.0.0.1:{port}")

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
        """To be sent as often as it is needed."""
        told = {"Host": self.host, **headers, **({"Content-Length": str(len(body))} if body else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def ask(self, request: bytes) -> Answer:
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = int(head.lower().partition("content-length:")[2].partition("\r")[0])
        return Answer(int(head.split(" ", 2)[1]), head, await self.reader.readexactly(length))

    def close(self) -> None:
        self.writer.close()
