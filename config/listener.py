"""What a process without pages answers: its counts and whether it lives, over the plainest HTTP there is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.monitoring.asgi import ops_first
from config.forwarded import forwarded

log = logging.getLogger(__name__)

ANSWERED = {"/metrics", "/healthz"}  # /health and /readyz are of the web processes, and of what they tell each other
MOST_BYTES = 16 * 1024
MOST_AT_ONCE = 16
PATIENCE = 5.0  # seconds for a whole question and its answer


async def not_here(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Not found"})


class Listener:
    """One question a connection, answered as the web processes answer it: same access, same words."""

    def __init__(self) -> None:
        self.application = forwarded(ops_first(not_here), settings.TRUSTED_PROXIES, settings.PROXY_NETWORKS)
        self.asking = 0

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Raises OSError where nobody can listen there."""
        return await asyncio.start_server(self.meet, host, port, limit=MOST_BYTES)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asking += 1
        try:
            if self.asking <= MOST_AT_ONCE:
                await asyncio.wait_for(self.answer(reader, writer), PATIENCE)
        except (TimeoutError, OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass  # who asks like that gets no answer
        except Exception:
            log.exception("a question was not answered")
        finally:
            self.asking -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        scope = {**asked(head), "client": writer.get_extra_info("peername")[:2]}
        told: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        application = self.application if scope["path"] in ANSWERED else not_here
        await application(scope, None, send)
        start, body = told
        status, content = HTTPStatus(start["status"]), body["body"]
        headers = [*start["headers"], (b"content-length", str(len(content)).encode()), (b"connection", b"close")]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *[b": ".join(each) for each in headers]]
        writer.write(b"\r\n".join([*lines, b"", content]))
        await writer.drain()


def asked(head: bytes) -> dict[str, Any]:
    """Method, path and headers as ASGI has them. Raises ValueError for what is no request."""
    first, *lines = head.split(b"\r\n")
    method, target, _ = first.decode("ascii").split(" ")
    pairs = [line.partition(b":") for line in lines if line]
    headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    return {"type": "http", "method": method, "path": target.partition("?")[0], "headers": headers}
