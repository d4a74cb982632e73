"""How much one page, one address and one user may take of the desk. Loopback addresses are not counted."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.template.loader import get_template

from .moments import now_us

WAIT_SECONDS = 60
BURSTS = 2  # seconds' worth of messages that may come at once


def ip_of(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """What it says, an IPv4 address in IPv6's clothes as what it is. Raises ValueError for what is no address."""
    ip = ipaddress.ip_address(address)
    return getattr(ip, "ipv4_mapped", None) or ip


def neighbourhood(address: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 subscriber has. Raises ValueError for anything else."""
    ip = ip_of(address)
    return str(ip if ip.version == 4 else ipaddress.ip_network((ip, 64), strict=False))


def counted(address: str) -> str:
    """Whom an address counts for; empty for this machine's own, and for what is no address."""
    try:
        return "" if ip_of(address).is_loopback else neighbourhood(address)
    except ValueError:
        return ""


def counted_of(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return counted(client[0]) if client else ""


def network_of(scope: Mapping[str, Any]) -> str:
    """Where a socket comes from, no closer than an operator needs: its /24, of IPv6 its /48."""
    client = scope.get("client")
    try:
        ip = ip_of(client[0]) if client else None
    except ValueError:
        ip = None
    if ip is None:
        return "unknown"
    if ip.is_loopback:
        return "this machine"
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def draw_wait(seconds: int) -> str:
    """The last frame of a page that is limited: how long it must stay away."""
    return get_template("live/_wait.html").render({"ts": now_us(), "seconds": seconds}).strip()


class Bucket:
    """So many messages a second on average, and a burst of twice as many."""

    __slots__ = ("at", "left", "rate")

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self.left = rate * BURSTS
        self.at = now

    def take(self, now: float) -> bool:
        """Whether one more may come now."""
        self.left = min(self.left + (now - self.at) * self.rate, self.rate * BURSTS)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
