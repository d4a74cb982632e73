"""A trader's alerts, drawn: they change when one fires and when their owner changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.live.digest import Words, digest_words
from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.toasts import toast_template

from .queries import AlertList, lists_of

event_kinds(
    "alert",
    {
        "fired": "what a trader's alert waited for has happened",
        "changed": "a trader's alerts are others, or answered",
        "stopped": "a way to reach the trader works no more and was turned off",
    },
)
toast_template("alert", "traderalerts/_toast.html")
digest_words("alert", Words("alert", "alerts", {"fired": "fired"}))


class Alerts(Fragment):
    """`alerts/7`: the alerts of user 7."""

    kind = "alerts"
    template = "traderalerts/_alerts.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, AlertList]:
        found = lists_of([int(key) for key in keys])
        return {key: found[int(key)] for key in keys}

    def context(self, key: str, facts: AlertList) -> dict[str, Any]:
        return {"id": f"alerts-{key}", "alerts": facts, "ts": facts.changed_us}


register(Alerts())
