"""Signing in and out, and a trader's own settings."""

from __future__ import annotations

from apps.accounts.forms import DENSITIES, PALETTES, THEMES
from apps.accounts.views import DEMO_TRADERS
from apps.desk.position import CostMethod
from apps.portfolio.models import AccountKind
from apps.risk.names import LABELS, MOST, STOPPED

from .terms import (
    JSON,
    Door,
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

MISSING, REFUSED = ref("responses", "NotFound"), ref("responses", "Refused")
PAGE = answer("The page", html())
NEXT = words("an address of this desk to go on to")
LIMITS: dict[str, Schema] = {
    name: words(LABELS[name], format="decimal", pattern=r"^([0-9]+(\.[0-9]+)?)?$", example=f"{MOST[name]:f}")
    if name != STOPPED
    else choice(("on",), LABELS[name])
    for name in LABELS
}


OPERATIONS = (
    get("/settings/", "showSettings", "account", "The page of settings", {200: PAGE}),
    post(
        "/settings/appearance/",
        "setAppearance",
        "account",
        "How pages look in this browser: three cookies",
        {302: moved("To the settings"), 422: REFUSED},
        form(
            {"theme": choice(THEMES), "palette": choice(PALETTES), "density": choice(DENSITIES)},
            ["theme", "palette", "density"],
        ),
        door=Door.OPEN,
    ),
    post(
        "/settings/time-zone/",
        "setTimeZone",
        "account",
        "In which zone times are shown",
        {302: moved("To the settings"), 422: REFUSED},
        form({"time_zone": words("its name", maxLength=64, example="Europe/Berlin")}, ["time_zone"]),
    ),
    get("/portfolio/terms/", "showTerms", "account", "The page of the account's kind and cost method", {200: PAGE}),
    post(
        "/portfolio/terms/",
        "setTerms",
        "account",
        "Cash or margin, or which shares a sale takes: one of both at a time",
        {
            200: answer("The page of who has no account", html()),
            302: moved("To the terms"),
            422: answer("What is in the way", html()),
        },
        form({"kind": choice(AccountKind.values), "cost_method": choice(CostMethod)}),
    ),
    get(
        "/settings/limits/",
        "showLimits",
        "account",
        "The page of the limits that you set yourself",
        {200: PAGE},
    ),
    post(
        "/settings/limits/",
        "setLimits",
        "account",
        "Sets all of them: what is empty is no limit. What is looser waits for 24 hours",
        {
            200: answer("The page of who has no account", html()),
            302: moved("To the limits"),
            422: answer("The page, with what is wrong beside each field", html()),
        },
        form(LIMITS),
    ),
    get(
        "/accounts/login/",
        "showSignIn",
        "account",
        "The page to sign in on",
        {200: PAGE, 302: moved("On, for who is signed in")},
        query("next", NEXT),
        door=Door.OPEN,
    ),
    post(
        "/accounts/demo/",
        "signInToDemo",
        "account",
        "Signs in as one of the demo's traders, where there is a demo",
        {
            200: answer("Signed in", json(record({"trader": choice(DEMO_TRADERS), "next": words()}))),
            302: moved("On"),
            404: MISSING,
            422: REFUSED,
            429: answer(
                "Too many from one address",
                json(schema("Refusal")),
                html(),
                Retry_After=header("seconds", whole()),
            ),
        },
        form({"trader": choice(DEMO_TRADERS), "next": NEXT}, ["trader"]),
        door=Door.OPEN,
    ),
    get(
        "/accounts/logout/",
        "askSignOut",
        "account",
        "The page that asks whether to sign out",
        {
            200: answer("The page", html(), {JSON: {"schema": {"type": "object"}}}),
            302: moved("On, for who is not"),
        },
        door=Door.OPEN,
    ),
    post(
        "/accounts/logout/",
        "signOut",
        "account",
        "Signs out",
        {200: answer("Signed out", json({"type": "object"})), 302: moved("On")},
        form({"next": NEXT}),
        door=Door.OPEN,
    ),
    post(
        "/accounts/sessions/{session_id}/end/",
        "endSession",
        "account",
        "Signs one of your other browsers out",
        {302: moved("To the settings"), 404: MISSING},
        None,
        in_path("session_id", whole("the session's number")),
    ),
)
