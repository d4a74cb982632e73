"""The desk as a program sees it. All is read from where it is ruled, so that it cannot say what is not so."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

from django.conf import settings

from apps.live import fragments, kinds, vocabulary
from apps.live.codes import CODES
from apps.live.pages import Page

from .openapi.document import every_operation

LIMITS = (
    "WS_MAX_PER_USER",
    "WS_MAX_PER_ADDRESS",
    "WS_HANDSHAKES_PER_MINUTE",
    "WS_MESSAGES_PER_SECOND",
    "WS_MAX_MESSAGE",
)
CONFIGURATION = ("LIVE_TICK_MS", "WS_PING_INTERVAL", "WS_PING_TIMEOUT", "QUOTE_STALE_MS", "EVENTS_KEPT_DAYS")


def describe() -> dict[str, Any]:
    """Name, version, HTTP, sockets, limits (counts, bytes) and configuration (milliseconds, days)."""
    return {
        "name": "Livedesk",
        "version": settings.RELEASE,
        "openapi": "/api/openapi.json",
        "authentication": {
            "session": f"cookie {settings.SESSION_COOKIE_NAME}",
            "csrf": f"cookie {settings.CSRF_COOKIE_NAME}, sent back as header X-CSRFToken with every POST",
        },
        "http": {f"{each.method.upper()} {each.path}": each.summary for each in every_operation()},
        "websocket": {
            "endpoints": {page.socket_path: f"what the page {page.name} shows" for page in Page.registry.values()},
            "parameters": {
                "since": "number of the last notification that you have; what came later is sent first",
                "drawn": "number of your last event when the page was drawn; 0: send everything",
                "desk": "number of the desk's last event when the page was drawn; 0: send everything",
                "tries": "how often the line failed before; 0 for a first one",
            },
            "frames": "HTML fragments; data-ts is when the fact came to be (microseconds), data-seq an event's number",
            "fragments": sorted(fragments.registry),
            "events": dict(sorted(kinds.meanings.items())),
            "messages": {kind: inspect.getdoc(meaning) for kind, meaning in vocabulary.meanings.items()},
            "closeCodes": [asdict(code) for code in CODES],
        },
        "limits": {name: getattr(settings, name) for name in LIMITS},
        "configuration": {name: getattr(settings, name) for name in CONFIGURATION},
    }
