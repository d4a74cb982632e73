"""Ops are answered before Django: its threads are few, and requests that hang in all of them would hang these too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from . import answers

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

ANSWERS = {
    "/health": answers.health,
    "/healthz": answers.liveness,
    "/readyz": answers.readiness,
    "/metrics": answers.metrics,
}
NO_METHOD: answers.Answer = (405, "text/plain; charset=utf-8", b"This address takes GET, HEAD. Nothing was changed.")


def ops_first(application: Application) -> Application:
    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        ask = ANSWERS.get(scope["path"])
        if ask is None:
            await application(scope, receive, send)
            return
        taken = scope["method"] in {"GET", "HEAD"}
        status, content_type, body = await ask(scope) if taken else NO_METHOD
        headers = [
            *([] if taken else [(b"allow", b"GET, HEAD")]),
            (b"content-type", content_type.encode()),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return answer
