"""All that a page may say over its socket: small JSON objects of a few kinds. Commands travel by HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .acks import is_ack, take_ack
from .heartbeat import answer
from .viewer import Viewer

if TYPE_CHECKING:
    from .hub import Hub

Said = Mapping[str, Any]
Meaning = Callable[["Hub", Viewer, Said], None]

LAST_MOMENT = 2**53  # a page's clock in whole microseconds; beyond it JavaScript cannot count

meanings: dict[str, Meaning] = {}


class Unspeakable(ValueError):
    """What the page said means nothing here."""


def message(kind: str) -> Callable[[Meaning], Meaning]:
    """Registers what a message of that kind does; it raises Unspeakable where its fields are wrong."""

    def named(meaning: Meaning) -> Meaning:
        meanings[kind] = meaning
        return meaning

    return named


def hear(hub: Hub, viewer: Viewer, text: str) -> None:
    """Does what the page asks. Raises Unspeakable for anything that is not in the vocabulary."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Unspeakable("not JSON") from None
    kind = said.get("type") if isinstance(said, dict) else None
    meaning = meanings.get(kind) if isinstance(kind, str) else None
    if meaning is None:
        raise Unspeakable("an unknown kind")
    meaning(hub, viewer, said)


@message("hidden")
def hidden(hub: Hub, viewer: Viewer, said: Said) -> None:
    """Whether the page is out of sight."""
    if said.keys() != {"type", "value"} or not isinstance(said["value"], bool):
        raise Unspeakable("hidden takes value, true or false")
    if said["value"]:
        hub.hidden.hide(viewer)
    else:
        hub.hidden.show(viewer)


@message("ping")
def ping(hub: Hub, viewer: Viewer, said: Said) -> None:
    """The page asks whether the line carries, and what time it is; `at` is its own clock."""
    if said.keys() != {"type", "at"} or type(said["at"]) is not int or not 0 <= said["at"] < LAST_MOMENT:
        raise Unspeakable("ping takes at, a whole number of microseconds")
    viewer.asked = said["at"]
    answer(viewer)


@message("ack")
def ack(hub: Hub, viewer: Viewer, said: Said) -> None:
    """How many milliseconds after a fact of that kind the page showed it."""
    if not is_ack(said):
        raise Unspeakable("ack takes kind, one of a few, and ms, a number of milliseconds")
    take_ack(viewer, said["kind"], said["ms"])
