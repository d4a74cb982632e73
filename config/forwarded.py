"""Who asks, behind proxies: the address our outermost proxy saw. What a client writes itself is not believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from apps.live.limits import ip_of

from .environment import Network

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

NAMES = {
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"forwarded",
    b"x-real-ip",
}
SECURE = {"http": "https", "websocket": "wss"}
PLAIN = {"http": "http", "websocket": "ws"}


def listed(scope: dict[str, Any], name: bytes) -> list[str]:
    """The header's values in the order the proxies added them."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [word.strip() for value in values for word in value.split(",")]


def address_of(text: str) -> str | None:
    """The address without the port that some proxies add; None where it is none."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def is_ours(scope: dict[str, Any], networks: Collection[Network]) -> bool:
    """Whether the peer is where our proxies are, as far as that is said."""
    if not networks:
        return True
    try:
        peer = ip_of(scope["client"][0])
    except (KeyError, TypeError, ValueError):
        return False
    return any(peer in network for network in networks)


def resolve(scope: dict[str, Any], hops: int, networks: Collection[Network] = ()) -> dict[str, Any]:
    """The scope with the client's own address and scheme, as `hops` proxies tell them, and without those headers.

    `forwarded` says that the peer speaks for somebody else, or says so, and is not believed.
    """
    told = dict(scope, headers=[(key, value) for key, value in scope["headers"] if key not in NAMES])
    told["forwarded"] = len(told["headers"]) < len(scope["headers"])
    hops = hops if is_ours(scope, networks) else 0
    addresses, schemes = listed(scope, b"x-forwarded-for"), listed(scope, b"x-forwarded-proto")
    if hops and len(addresses) >= hops and (address := address_of(addresses[-hops])):
        told["client"], told["forwarded"] = [address, 0], False
        if schemes:
            secure = schemes[-min(hops, len(schemes))].lower() in {"https", "wss"}
            told["scheme"] = (SECURE if secure else PLAIN)[scope["type"]]
    return told


def forwarded(application: Application, hops: int, networks: Collection[Network]) -> Application:
    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] in SECURE:
            scope = resolve(scope, hops, networks)
        await application(scope, receive, send)

    return answer
