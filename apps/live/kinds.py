"""What events there are and what each says: for programs that listen, and for whoever adds one."""

from __future__ import annotations

from collections.abc import Mapping

meanings: dict[str, str] = {}


def event_kinds(family: str, named: Mapping[str, str]) -> None:
    """Registers the kinds `family.name` with what they say. An event of another kind is a fault: a test looks."""
    meanings.update({f"{family}.{name}": meaning for name, meaning in named.items()})


event_kinds(
    "notice",
    {
        "published": "an admin's notice is on every page in its time",
        "changed": "a notice was changed",
        "withdrawn": "a notice was taken back",
    },
)
event_kinds("activity", {"read": "notifications up to a number were read"})
event_kinds("release", {"dismissed": "the news of a release were put away"})
