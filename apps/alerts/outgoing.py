"""One HTTP request to an address that somebody typed in: never to this network, never elsewhere, never for long.

The name is looked up once, every address it has is checked, and the connection goes to those that were checked, one
after another until one takes it, so that a name which changes its mind meanwhile (DNS rebinding) gains nothing. No
redirect is followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_S = 5.0
MOST_ADDRESSES = 4
MOST_ANSWER = 64 * 1024
LONGEST_WAIT_S = 24 * 3600.0
UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out (RFC 3587). Beside it an address of this network may be within (RFC 6052, 8215)."""
TUNNELS = [ipaddress.ip_network(net) for net in ("2002::/16", "2001::/32")]
"""6to4 and Teredo: there too (RFC 3056, 4380)."""


class Unsendable(Exception):
    """It will never work as it is; the address must be mended."""


class Gone(Unsendable):
    """Nobody is at the address any more: 404 or 410."""


class Failed(Exception):
    """It did not work now. `after` (s) is when the receiver wants to be asked again, where it said so."""

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.after = after


class Busy(Failed):
    """It has had enough for now: more would be refused as well."""


class Silent(Failed):
    """Nobody answered: whatever else is for that receiver would wait as long for nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int
    path: str
    secure: bool


def target_of(address: str) -> Target:
    """Raises Unsendable for what is no https address without user, password or other port."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise Unsendable("the address cannot be read") from None
    if not (parts.path + parts.query).isascii():
        raise Unsendable("the address must be of ASCII characters after its host, others as %XX")
    private = settings.ALERTS_ALLOW_PRIVATE
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise Unsendable("the address must begin with https://")
    if not parts.hostname or parts.username or parts.password:
        raise Unsendable("the address must be https://host/path, without user and password")
    if port not in {None, 443} and not private:
        raise Unsendable("the address must be at port 443")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.hostname, port or (443 if secure else 80), path, secure)


def is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if not ip.is_global or ip.is_multicast:
        return False
    return ip.version == 4 or (ip in UNICAST and not any(ip in net for net in TUNNELS))


def resolved(target: Target) -> list[str]:
    """The addresses to connect to, the first one first. Raises Unsendable where any is not out in the world."""
    addresses = looked_up(target)
    if not settings.ALERTS_ALLOW_PRIVATE and not all(map(is_public, addresses)):
        raise Unsendable(f"{target.host} is an address of a private network")
    return addresses[:MOST_ADDRESSES]


def looked_up(target: Target) -> list[str]:
    """Raises Silent. A thread asks: the system's resolver may take half a minute, and takes no limit."""
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(each[4][0]) for each in rows)))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=ask, name="lookup", daemon=True).start()
    try:
        return found.result(TIMEOUT_S)
    except (OSError, UnicodeError) as error:
        raise Silent(f"{target.host} is not known: {str(error) or f'no answer in {TIMEOUT_S:g} s'}") from None


def connected(target: Target, addresses: Sequence[str]) -> http.client.HTTPConnection:
    """A connection to the first of these very addresses that takes one; together they have the time of one."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return connected_to(target, address, TIMEOUT_S / len(addresses))
    return connected_to(target, last, TIMEOUT_S / len(addresses))


def connected_to(target: Target, address: str, within: float) -> http.client.HTTPConnection:
    """In the name of the host."""
    line = socket.create_connection((address, target.port), timeout=within)
    try:
        if target.secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
        line.settimeout(TIMEOUT_S)
    except OSError:
        line.close()
        raise
    connection = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_S)
    connection.sock = line
    return connection


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: the first part of its body, and how long it asked to be left alone (s)."""

    status: int
    body: bytes
    after: float | None


def post(address: str, body: Mapping[str, Any] | bytes, headers: Mapping[str, str]) -> None:
    """Sends it. Raises Unsendable, Failed or Silent; any 2xx is success."""
    judge(exchange(address, body, headers))


def exchange(address: str, body: Mapping[str, Any] | bytes, headers: Mapping[str, str]) -> Answer:
    """Sends it and takes whatever is answered. Raises Unsendable, Failed or Silent where nothing is."""
    target = target_of(address)
    where = resolved(target)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    late = threading.Event()
    try:
        connection = connected(target, where)
        # The socket's own timeout begins anew with each byte, so that an answer in drops would never end
        end = threading.Timer(TIMEOUT_S, cut, [connection.sock, late])
        end.start()
        try:
            connection.request("POST", target.path, content, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            said = answer.read(MOST_ANSWER)
        finally:
            end.cancel()
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        if not late.is_set():
            raise Silent(f"{type(error).__name__}: {error}") from None
    if late.is_set():  # whatever it came to: what a line says that was cut depends on where it was cut
        raise Silent(f"TimeoutError: no whole answer in {TIMEOUT_S:g} s")
    return Answer(answer.status, said, wait_of(answer.getheader("Retry-After")))


def cut(line: socket.socket, late: threading.Event) -> None:
    """What was read of an answer by then may look like a whole one."""
    late.set()
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def judge(answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if status == 429:
        raise Busy(f"the receiver answered {status}", answer.after)
    if status in {408, 425} or status >= 500:
        raise Failed(f"the receiver answered {status}", answer.after)
    raise (Gone if status in {404, 410} else Unsendable)(f"the receiver answered {status}")


def wait_of(retry_after: str | None) -> float | None:
    """Seconds that Retry-After asks for (RFC 9110, 10.2.3: a number or a date), a day at most; else None."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
