"""From the query of an address to what a tab of the history is narrowed to, or to words that say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from apps.desk.instrument import symbol_of
from apps.desk.order import Side
from apps.market import queries as market
from apps.market.models import Instrument
from apps.portfolio.kinds import KINDS
from apps.trades.fields import checked, word_of
from apps.trades.ticket import Refused

from .asked import Asked

FIELDS = ("symbol", "side", "kind", "tag", "direction", "from", "to")
EVERYWHERE = frozenset({"symbol", "from", "to"})
TAKES = {
    "trades": EVERYWHERE | {"tag", "direction"},
    "lots": EVERYWHERE,
    "orders": EVERYWHERE | {"side"},
    "fills": EVERYWHERE | {"side"},
    "ledger": EVERYWHERE | {"kind"},
}
"""What each tab can be narrowed by."""
HAVE = {
    "side": "only orders and fills have one",
    "kind": "only the ledger's bookings have one",
    "tag": "only closed trades have tags",
    "direction": "only closed trades have one",
}
DIRECTIONS = {"long": "Long", "short": "Short"}
LONGEST_NOTE, MOST_TAGS = 2000, 6
TAG = re.compile(r"\w[\w -]{0,29}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def given(data: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the filter."""
    return {name: data.get(name, "").strip() for name in FIELDS}


def clean_filter(data: Mapping[str, str], tab: str) -> Asked | Refused:
    """Checks every field, so that one answer names every fault."""
    text = given(data)
    errors: dict[str, str] = {}
    field = partial(checked, text, errors)
    symbol = field("symbol", known_symbol)
    side, kind, tag, direction = (field(name, here(name, tab, read)) for name, read in READ.items())
    since, until = field("from", day_named("From")), field("to", day_named("To"))
    if since and until and until < since:
        errors["to"] = f"To must be {since} or later, or From earlier: nothing is from {since} to {until}"
    return (
        Refused(errors)
        if errors
        else Asked(symbol or "", side or "", kind or "", tag or "", direction or "", since, until)
    )


def known_symbol(text: str) -> str:
    try:
        return market.instrument(symbol_of(text)).symbol if text else ""
    except (ValueError, Instrument.DoesNotExist):
        raise ValueError(f"Symbol {text[:32]} is not known here: type one in full, such as AAPL") from None


def here(name: str, tab: str, read: Callable[[str], str]) -> Callable[[str], str]:
    """Reads a field where the tab takes it; elsewhere, and where nothing is asked, it is "" alone."""

    def read_here(text: str) -> str:
        if text and name not in TAKES[tab]:
            raise ValueError(f"{name.capitalize()} must be empty here: {HAVE[name]}")
        return read(text) if text else ""

    return read_here


def kind_of(text: str) -> str:
    if text.lower() not in KINDS:
        *most, last = KINDS
        raise ValueError(f"Kind must be {', '.join(most)} or {last}")
    return text.lower()


def tag_of(text: str) -> str:
    tag = " ".join(text.split()).lower()
    if not TAG.fullmatch(tag):
        raise ValueError("Tag must be one tag of up to 30 letters, digits, spaces, - or _, such as swing")
    return tag


def direction_of(text: str) -> str:
    if text.lower() not in DIRECTIONS:
        raise ValueError("Direction must be long or short")
    return text.lower()


READ: Mapping[str, Callable[[str], str]] = {
    "side": lambda text: word_of(Side, "Side", text).value,
    "kind": kind_of,
    "tag": tag_of,
    "direction": direction_of,
}
"""The fields that not every tab takes."""


def day_named(label: str) -> Callable[[str], date | None]:
    """Reads a day. One form only: what else ISO 8601 allows, a week or an ordinal, nobody means here."""

    def read(text: str) -> date | None:
        try:
            if text and not DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise ValueError(f"{label} must be a day as year-month-day, such as 2026-03-31") from None

    return read


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    tags: tuple[str, ...]


def clean_note(data: Mapping[str, str]) -> Note | Refused:
    text = {name: data.get(name, "").strip() for name in ("note", "tags")}
    errors: dict[str, str] = {}
    note, tags = checked(text, errors, "note", note_text), checked(text, errors, "tags", tags_of)
    return Refused(errors) if errors else Note(note or "", tags or ())


def note_text(text: str) -> str:
    text = text.replace("\r\n", "\n")  # a browser counts the end of a line once and sends it as two
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise ValueError(f"Note must be text of at most {LONGEST_NOTE:,} characters, not {len(text):,}")
    return text


def tags_of(text: str) -> tuple[str, ...]:
    """In small letters, each once."""
    tags = tuple(dict.fromkeys(filter(None, (" ".join(part.split()).lower() for part in text.split(",")))))
    if len(tags) > MOST_TAGS or not all(TAG.fullmatch(tag) for tag in tags):
        raise ValueError(
            f"Tags must be {MOST_TAGS} at most with commas between, each of up to 30 letters, digits, spaces, - or _, "
            "such as swing, earnings"
        )
    return tags
