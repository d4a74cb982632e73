"""The number of the last event a page says it has seen: from a client, so checked."""

from __future__ import annotations

import re

NUMBER = re.compile(r"[0-9]{1,18}")


def event_number(text: str) -> int | None:
    """The number, or None where the text is none."""
    return int(text) if NUMBER.fullmatch(text) else None


def seen_before(text: str, last: int) -> int | None:
    """The number, or None where it is none or was never given out: the page must start afresh."""
    number = event_number(text)
    return number if number is not None and number <= last else None
