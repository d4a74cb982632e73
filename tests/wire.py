"""A WebSocket asked for by hand: for clients that do what no library would."""

from __future__ import annotations

import base64
import socket

KEY = base64.b64encode(b"sixteen bytes ok").decode()


def ask_for_line(
    port: int, cookies: str, path: str, *, window: int | None = None, timeout: float = 40
) -> socket.socket:
    """Sends the handshake of a page's socket; the answer is still to be read. `window` is in bytes."""
    line = socket.socket()
    if window is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    line.settimeout(timeout)
    line.connect(("127.0.0.1", port))
    host = f"127.0.0.1:{port}"
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookies}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\n\r\n".encode()
    )
    return line
