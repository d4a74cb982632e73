"""What operators see of transport, trading and use, what a page tells of its use, and the wish not to be counted."""

from __future__ import annotations

from .machines import SPAN
from .terms import answer, choice, form, get, html, json, moved, post, query, ref, schema, whole

MISSING, REFUSED = ref("responses", "NotFound"), ref("responses", "Refused")
USE_SPANS, HOUR_SPANS, DAY_SPANS = ("hour", "day", "week", "month"), ("hour", "day", "week"), ("week", "month")
PAGE = answer("The page", html())
DAY_SPAN = query("span", choice(DAY_SPANS, "how far back", default="week"))
HOUR_SPAN = query("span", choice(HOUR_SPANS, "how far back", default="week"))
USE_SPAN = query("span", choice(USE_SPANS, "how far back", default="week"))
LEFT = {
    "ms": whole("how long it was looked at", most=43_200_000),
    "reload": whole("1 where it had been reloaded", most=1),
    **{what: whole(f"toasts that were {what}", most=10_000) for what in ("shown", "closed", "followed")},
}

OPERATIONS = (
    get(
        "/ops/transport/",
        "showTransport",
        "operations",
        "Connections, lateness and errors, for staff",
        {200: PAGE, 404: MISSING},
        SPAN,
    ),
    get(
        "/ops/trading/",
        "showTrading",
        "operations",
        "Orders, fills, refusals by rule and the age of the feed, for staff",
        {200: PAGE, 404: MISSING},
        SPAN,
    ),
    get(
        "/ops/engagement/",
        "showEngagement",
        "operations",
        "How the desk is used, in sums that name nobody, for staff",
        {200: PAGE, 404: MISSING},
        USE_SPAN,
    ),
    get(
        "/ops/engagement/days.json",
        "readUse",
        "operations",
        "The charts' figures by day, for staff: seconds since the epoch, null where nothing is known",
        {200: answer("The figures", json(schema("Curves"))), 404: MISSING},
        DAY_SPAN,
    ),
    get(
        "/ops/engagement/hours.json",
        "readUseByHour",
        "operations",
        "The charts' figures by hour, for staff: as those by day",
        {200: answer("The figures", json(schema("Curves"))), 404: MISSING},
        HOUR_SPAN,
    ),
    post(
        "/settings/use/",
        "setCounting",
        "account",
        "Whether one's use is counted; who says no is forgotten",
        {302: moved("To the settings"), 422: REFUSED},
        form({"counted": choice(("yes", "no"))}, ["counted"]),
    ),
    post(
        "/use/left/",
        "tellLeft",
        "account",
        "How a page was used, told when it is left; which one is known by the Referer",
        {204: answer("Counted, or not, as the user wishes"), 422: REFUSED},
        form(LEFT, LEFT),
    ),
)
