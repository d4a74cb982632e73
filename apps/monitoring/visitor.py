"""A visitor of a desk elsewhere, by what Python brings along: pages, forms with their token, and a page's socket."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 15.0
SESSION, TOKEN = ("__Host-sessionid", "sessionid"), ("__Host-csrftoken", "csrftoken")
"""By HTTPS and without. The desk says which by what it sets; of a session that is brought along it takes its own."""
TEXT, CLOSE = 0x1, 0x8


class Visitor:
    """Raises OSError, http.client.HTTPException and ValueError for what does not answer as a desk does."""

    def __init__(self, url: str, session: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url} is no address of a desk, such as https://desk.example.com")
        self.secure, self.host = parts.scheme == "https", parts.netloc
        self.name, self.port = parts.hostname, parts.port or (443 if self.secure else 80)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies = dict.fromkeys(SESSION if self.secure else SESSION[1:], session) if session else {}

    def get(self, path: str, accept: str = "text/html") -> tuple[int, dict[str, str], str]:
        return self.ask("GET", path, accept=accept)

    def post(self, path: str, **fields: str) -> tuple[int, dict[str, str], str]:
        return self.ask("POST", path, urlencode(fields), accept="application/json")

    def ask(self, method: str, path: str, body: str = "", *, accept: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and text; cookies are kept, redirects are not followed."""
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        line = kind(self.name, self.port, timeout=PATIENCE)
        headers = {"Host": self.host, "Accept": accept, "Cookie": self.cookie_header, "Origin": self.origin}
        if body or method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["X-CSRFToken"] = next((self.cookies[name] for name in TOKEN if name in self.cookies), "")
            headers["Referer"] = self.origin + "/"
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            line.close()

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def socket(self, path: str) -> Line:
        """Opens the socket of a page. Raises ValueError where it is refused."""
        line: socket.socket = socket.create_connection((self.name, self.port), PATIENCE)
        if self.secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=self.name)
        key = base64.b64encode(os.urandom(16)).decode()
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nOrigin: {self.origin}\r\nCookie: {self.cookie_header}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        try:
            return Line(line)
        except BaseException:
            line.close()
            raise


class Line:
    """A socket that only listens (RFC 6455); a server never masks."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.rest = line, b""
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.more()
        head, _, self.rest = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ValueError(f"the socket is refused: {head.decode('latin-1').splitlines()[0]}")

    def more(self) -> bytes:
        piece = self.line.recv(65536)
        if not piece:
            raise ConnectionError("the line was closed")
        return piece

    def take(self, count: int) -> bytes:
        while len(self.rest) < count:
            self.rest += self.more()
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def frames(self) -> Iterator[str]:
        """Each text as it comes. Raises ValueError with the code when the server closes the line."""
        while True:
            first, size = self.take(2)
            if size in {126, 127}:
                size = int.from_bytes(self.take(2 if size == 126 else 8))
            payload = self.take(size)
            if first & 0x0F == CLOSE:
                raise ValueError(f"the desk closed the socket with {int.from_bytes(payload[:2])}")
            if first & 0x0F == TEXT:
                yield payload.decode()

    def until(self, text: str, within: float = PATIENCE) -> str:
        """The frame that holds it. Raises TimeoutError."""
        ends = time.monotonic() + within
        for frame in self.frames():
            if text in frame:
                return frame
            if time.monotonic() > ends:
                break
        raise TimeoutError(f"no frame with {text} within {within:g} s")

    def close(self) -> None:
        self.line.close()


def json_of(text: str) -> dict[str, Any]:
    """Raises ValueError for what is no JSON object."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found
