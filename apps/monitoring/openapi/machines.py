"""What machines and operators ask: health, figures, this description, operations, status."""

from __future__ import annotations

from .terms import Door, answer, choice, form, get, html, json, moved, plain, post, query, ref, schema, words

OPS_SPANS = ("hour", "day", "week", "month")
OPS_CHARTS = ("health", "transport", "trading", "alerts")
MISSING = ref("responses", "NotFound")
SPAN = query("span", choice(OPS_SPANS, "how far back", default="hour"))

OPERATIONS = (
    get(
        "/health",
        "health",
        "machines",
        "How the desk is; the status alone for strangers, where HEALTH_DETAIL says so",
        {
            200: answer("healthy or degraded", json(schema("Health"))),
            503: answer("down or draining", json(schema("Health"))),
        },
        door=Door.OUTSIDE,
    ),
    get(
        "/healthz",
        "liveness",
        "machines",
        "Whether the process that answers lives",
        {200: answer("It does", json(schema("State")))},
        door=Door.OUTSIDE,
    ),
    get(
        "/readyz",
        "readiness",
        "machines",
        "Whether it should be sent requests",
        {
            200: answer("It should", json(schema("State"))),
            503: answer("It should not: it has no database, or it is stopped", json(schema("State"))),
        },
        door=Door.OUTSIDE,
    ),
    get(
        "/metrics",
        "metrics",
        "machines",
        "Every count of the process in Prometheus' text format, for this machine or who has the token",
        {200: answer("The counts", plain()), 404: answer("To anybody else", plain())},
        door=Door.OUTSIDE,
        security=("metricsToken",),
    ),
    get(
        "/api",
        "describe",
        "machines",
        "Name, version, sockets, events, limits and configuration",
        {200: answer("The description", json(schema("Description")))},
        door=Door.OPEN,
    ),
    get(
        "/api/openapi.json",
        "openapi",
        "machines",
        "This document",
        {
            200: answer("The document", json({"type": "object"})),
            304: answer("The same as the one with the ETag that was sent as If-None-Match"),
        },
        door=Door.OPEN,
    ),
    get(
        "/ops/",
        "showOperations",
        "operations",
        "The page of operations, for staff",
        {200: answer("The page", html()), 404: MISSING},
        SPAN,
    ),
    get(
        "/ops/connections/",
        "listConnections",
        "operations",
        "Every open socket, or those of a user, for staff",
        {200: answer("The page", html()), 404: MISSING},
        query("user", words("the number of a user", pattern="^[0-9]*$")),
    ),
    post(
        "/ops/connections/close/",
        "closeConnections",
        "operations",
        "Closes one socket, or all of a user, for who may change users",
        {
            302: moved("To the connections"),
            403: answer("Not allowed", json(schema("Refusal")), html()),
            404: MISSING,
            422: answer("Neither is named", json(schema("Refusal")), html()),
        },
        form({"seat": words("which socket"), "user": words("whose")}),
    ),
    get(
        "/ops/curves.json",
        "readCurves",
        "operations",
        "The charts' figures, for staff: seconds since the epoch, null where nothing is known",
        {200: answer("The curves", json(schema("Curves"))), 404: MISSING},
        SPAN,
        query("of", choice(OPS_CHARTS, "the charts of which dashboard", default="health")),
    ),
    get(
        "/status/",
        "showStatus",
        "operations",
        "The public status page",
        {200: answer("The page", html())},
        door=Door.OPEN,
    ),
    get(
        "/status/feed.atom",
        "readIncidents",
        "operations",
        "What was said in public of incidents",
        {200: answer("The feed", {"application/atom+xml": {"schema": {"type": "string"}}})},
        door=Door.OPEN,
    ),
)
