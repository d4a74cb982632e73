"""Where the canary connects to: the address that was set, or where this very process listens."""

from __future__ import annotations

from typing import Any

from django.conf import settings

PATH = "/ws/canary/"
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- nothing is bound here
_own = ""


def listens_at(address: Any) -> None:
    """Told by the server, as Twisted names an address; None: it takes nobody any more."""
    global _own
    host, port = getattr(address, "host", ""), getattr(address, "port", 0)
    host = ANYWHERE.get(host, host)
    _own = f"ws://{f'[{host}]' if ':' in host else host}:{port}{PATH}" if host and port else ""


def present_url() -> str:
    """Empty where nobody knows where to fly."""
    if settings.CANARY_URL:
        return str(settings.CANARY_URL).rstrip("/").replace("http", "ws", 1) + PATH
    return _own
