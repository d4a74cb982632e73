"""The names of streams and topics. A topic is `kind/key`; a stream is where its numbered events stand."""

from __future__ import annotations

DESK_STREAM = "desk"
EVERYTHING = "*"
"""As an event's topic: whatever is shown must be read again (a new session, an instrument that changed)."""
NOTICE = "notice/all"
GONE = "gone:"
"""Before an event's topic: what a page shows there by itself is at another address now, so that it must load again."""
FAMILIES = {"order": "Orders", "alert": "Alerts", "account": "Account"}
"""The kinds of notifications a trader can ask for alone, with their names."""


def user_stream(user_id: int | str) -> str:
    return f"user/{user_id}"


def gone_topic(topic: str) -> str:
    return GONE + topic


def notice_topics(stream: str) -> list[str]:
    """The fragments that a notification in a user's stream, or its reading, changes."""
    kind, user_id = split(stream)
    if kind != "user":
        return []
    return [f"bell/{user_id}", *(f"activity/{user_id}:{family}" for family in ("", *FAMILIES))]


def split(topic: str) -> tuple[str, str]:
    """("quote", "AAPL") of "quote/AAPL"."""
    kind, _, key = topic.partition("/")
    return kind, key
