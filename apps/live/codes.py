"""Why a socket is closed. One table for code, docs and the page.

daphne can send only 1000 and 3000 to 4999, and drops the reason; so the page looks the number up.
"""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = {"WS002": "connection", "WS003": "connection", "WS004": "message", "WS005": "server"}


@dataclass(frozen=True)
class Code:
    """`ws` is the customer's name, `close` the number on the wire, `act` what the page does about it, `cause` when."""

    ws: str
    close: int
    message: str
    advice: str
    act: str
    cause: str = ""

    @property
    def category(self) -> str:
        """What kind of error it is: connection, message or server; empty for what is none."""
        return CATEGORIES.get(self.ws, "")


SIGNED_OUT = Code(
    "WS001",
    4401,
    "Authentication required",
    "Sign in again.",
    "sign-in",
    "no session, an expired or forged one; logout, the session ended or deleted, the user deactivated",
)
FORBIDDEN = Code(
    "WS001",
    4403,
    "Your access has changed",
    "Reload the page.",
    "reload",
    "the user became staff or ceased to be, or groups or permissions changed; a page for staff, asked for by others",
)
TIMED_OUT = Code(
    "WS002",
    4408,
    "Connection timed out",
    "Reconnecting by itself.",
    "retry",
    "the page took nothing for 5 s; a page that hears nothing says WS002 by itself",
)
LIMITED = Code(
    "WS003",
    4429,
    "Rate limit exceeded",
    "Trying again in 60 seconds.",
    "wait",
    "too many messages, too many sockets of one address, too many handshakes in a minute",
)
CROWDED = Code(
    "WS003",
    4409,
    "Too many tabs are open",
    "This one asks every 5 seconds; it goes live when you come back to it, in place of the oldest.",
    "stand-by",
    "the user has opened more sockets than `WS_MAX_PER_USER`: the oldest goes",
)
MALFORMED = Code(
    "WS004",
    4400,
    "Invalid message",
    "Reload the page.",
    "reload",
    "anything that is not one of the few messages a page may send, or no message at all (UTF-8, RFC 6455); a socket's"
    " address that names nothing",
)
OVERSIZE = Code("WS004", 4413, "Message too large", "Reload the page.", "reload", "a message over `WS_MAX_MESSAGE`")
FAILED = Code(
    "WS005", 4500, "Server error", "Reconnecting by itself.", "retry", "an error of the desk's own, or of its database"
)
RESTARTING = Code(
    "restart", 4503, "The desk is restarting", "Reconnecting by itself.", "retry", "the process is being stopped"
)
RESYNC = Code(
    "resync",
    4410,
    "This page is too old to catch up",
    "Reloading once.",
    "resync",
    "the page names an event number that was never given out, or one older than `EVENTS_KEPT_DAYS`; or its symbol has"
    " changed",
)
SWITCHED_OFF = Code(
    "switched off",
    4412,
    "Live updates are switched off",
    "The page asks every 5 seconds.",
    "poll",
    "an admin's switch, or `LIVE_WS` and `LIVE_WS_SHARE`",
)
DISMISSED = Code(
    "closed",
    4411,
    "An admin has closed this line",
    "Reload the page.",
    "reload",
    "an admin closed it in the list of live connections; the session goes on",
)

CODES = (
    SIGNED_OUT,
    FORBIDDEN,
    TIMED_OUT,
    LIMITED,
    CROWDED,
    MALFORMED,
    OVERSIZE,
    FAILED,
    RESTARTING,
    RESYNC,
    SWITCHED_OFF,
    DISMISSED,
)
BY_CLOSE = {code.close: code for code in CODES}
LOST = 1006
"""What a line that broke without a word is said to have been closed with (RFC 6455)."""
STANDARD = range(1000, 1016)
SERVICE_RESTART = 1012
"""What a stock ASGI server closes with when it is stopped (IANA's registry); the page takes it for `RESTARTING`."""


def counted_as(code: int | None) -> str:
    """The code to count by. A client may close with any number: those that mean nothing here are one."""
    return str(code) if code in BY_CLOSE or code in STANDARD else "other"


ACTS = {
    "sign-in": "stays as it is and offers to sign in",
    "reload": "stays as it is and offers to reload",
    "retry": "comes back by itself, after a random pause that grows to 8 s at most",
    "wait": "comes back by itself when the time it was told has passed",
    "resync": "reloads once",
    "poll": "asks over HTTP every 5 s, and goes live when it may again",
    "stand-by": "asks over HTTP every 5 s, and goes live when it is looked at again, or told to connect",
}

INTRO = """# Why a socket was closed

Printed by `manage.py ws_codes` from the table in `apps/live/codes.py`, which also gives the page its words.

A page that is limited gets a last frame before the close: `data-wait` says for how many seconds it must stay away.
A stock ASGI server that is stopped closes with 1012: the page says and does what it would by `4503`.
Whatever else ends the line (1000, 1001, 1006, 1011 …) the page calls WS002, and comes back as by `4408`.
"""


def page_codes() -> dict[int, dict[str, str]]:
    """The table as the page reads it, by close code."""
    words = {
        code.close: {"ws": code.ws, "message": code.message, "advice": code.advice, "act": code.act} for code in CODES
    }
    return words | {SERVICE_RESTART: words[RESTARTING.close]}


def docs_page() -> str:
    """docs/codes.md"""
    rows = ["| code | close | says | when | the page |", "| --- | --- | --- | --- | --- |"]
    for code in CODES:
        cells = (code.ws, code.close, f"{code.message}. {code.advice}", code.cause, ACTS[code.act])
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return INTRO + "\n" + "\n".join(rows) + "\n"
