"""A trader's own alerts. Their app stands above this one: a test holds what is said here to what it takes."""

from __future__ import annotations

from .terms import (
    HTMX,
    Operation,
    Schema,
    answer,
    choice,
    form,
    get,
    header,
    html,
    in_path,
    json,
    moved,
    post,
    query,
    record,
    ref,
    schema,
    whole,
    words,
)

KINDS = (
    "price_above",
    "price_below",
    "percent_move",
    "pnl_above",
    "pnl_below",
    "order_filled",
    "order_cancelled",
    "order_rejected",
)
STATES = ("waiting", "fired", "acknowledged", "off")
WAYS = ("page", "email", "discord", "direct")
ALERT = in_path("alert_id", whole("the alert's number"))
MISSING, UNREADABLE = ref("responses", "NotFound"), ref("responses", "UnreadableBody")
REFUSED = answer("Refused, by field; nothing was changed", json(schema("Errors")), html())
FIELDS = {
    "kind": choice(KINDS, "what to be told of"),
    "symbol": words("of prices; of orders where it is given", maxLength=32),
    "threshold": words("price or day P&L (USD), or per cent", example="150.25"),
    "repeat": words("on: waits again once it is acknowledged"),
    "note": words(maxLength=120),
}
BODY = form(FIELDS, ["kind"], by_json=True)
TRIED = json(record({"sent": {"type": "boolean"}, "detail": words("for people")}))
LIST = moved("To the list")


def one(about: str) -> Schema:
    return answer(about, json(record({"id": whole(), "state": choice(STATES)})))


OPERATIONS: tuple[Operation, ...] = (
    get(
        "/alerts/",
        "listAlerts",
        "alerts",
        "The page of your alerts and of how they reach you",
        {200: answer("The page", html())},
        query("symbol", words("fills the form in", maxLength=32)),
    ),
    post(
        "/alerts/",
        "makeAlert",
        "alerts",
        "Has an alert wait",
        {201: one("It waits"), 302: LIST, 400: UNREADABLE, 422: REFUSED},
        BODY,
    ),
    get(
        "/alerts/{alert_id}/",
        "showAlert",
        "alerts",
        "The page with this alert in the form",
        {200: answer("The page", html()), 404: MISSING},
        ALERT,
    ),
    post(
        "/alerts/{alert_id}/",
        "changeAlert",
        "alerts",
        "Has it wait anew by what is sent",
        {200: one("It waits"), 302: LIST, 400: UNREADABLE, 404: MISSING, 422: REFUSED},
        BODY,
        ALERT,
    ),
    post(
        "/alerts/{alert_id}/delete/",
        "deleteAlert",
        "alerts",
        "Deletes it",
        {
            200: answer("Which one", json(record({"deleted": whole()}))),
            302: LIST,
            404: MISSING,
        },
        None,
        ALERT,
    ),
    post(
        "/alerts/{alert_id}/acknowledge/",
        "acknowledgeAlert",
        "alerts",
        "Seen: it is told no more",
        {200: one("As it is now"), 302: LIST, 404: MISSING},
        None,
        ALERT,
    ),
    post(
        "/alerts/{alert_id}/turn/",
        "turnAlert",
        "alerts",
        "Turns it off, or on again",
        {
            200: one("As it is now"),
            302: LIST,
            404: MISSING,
            422: answer("Refused", json({"anyOf": [schema("Errors"), schema("Refusal")]}), html()),
        },
        form({"to": choice(("on", "off"))}, ["to"]),
        ALERT,
    ),
    post(
        "/alerts/settings/",
        "setAlertSettings",
        "alerts",
        "How alerts reach you, and when they are quiet",
        {200: answer("Kept", json(record({"way": choice(WAYS)}))), 302: LIST, 422: REFUSED},
        form(
            {
                "way": choice(WAYS),
                "webhook": words("an address of Discord's", maxLength=400),
                "quiet_from": words("hours and minutes in your time zone", example="22:00"),
                "quiet_until": words(example="07:00"),
            },
            ["way"],
        ),
    ),
    post(
        "/alerts/test/",
        "testAlerts",
        "alerts",
        "Sends a sample by the way that is kept, at once",
        {
            200: answer("It was taken", TRIED, html()),
            422: answer("It was not, and why", TRIED, html()),
            429: answer("Too soon after another", TRIED, html(), Retry_After=header("s", words())),
        },
        None,
        HTMX,
    ),
)
