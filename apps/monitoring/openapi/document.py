"""The whole description of the HTTP interface as OpenAPI 3.1, made once in a process."""

from __future__ import annotations

import gzip
import hashlib
import json as text
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings

from . import accounts, alerts, books, dashboards, machines, orders, pages, watchlists
from .schemas import SCHEMAS
from .terms import (
    Answers,
    Door,
    Operation,
    Schema,
    answer,
    choice,
    header,
    html,
    json,
    moved,
    plain,
    ref,
    schema,
    words,
)

ABOUT = """Every address of the desk for programs, one trader's sight at a time. Sockets stand in `/api`.

Who sends `Accept: application/json` gets JSON where JSON is named; who sends `HX-Request: true` gets the part of a
page that changed; everybody else gets a page, or is sent on to one. Every GET takes HEAD as well. A method that is
not named is answered 405 with `Allow`, or 403 where it carries no CSRF token. Answers have an `X-Request-ID`, by which
a fault (500) stands in the log.
"""
TAGS = {
    "orders": "place, preview, change, cancel, read",
    "history": "what is over, and its files",
    "portfolio": "what an account has, and how each figure was made",
    "watchlists": "symbols kept in sight",
    "alerts": "what you want to be told of",
    "market": "symbols and their bars",
    "live": "for pages without a socket, and notifications",
    "account": "signing in and settings",
    "machines": "health, figures, descriptions",
    "operations": "for staff, and the public status",
}
REFUSAL = json(schema("Refusal"))
RESPONSES: dict[str, Schema] = {
    "Unreadable": answer("The request cannot be read: its host, its body, or too many fields", REFUSAL, html()),
    "UnreadableBody": answer(
        "The body cannot be read as what its content type says",
        json({"anyOf": [schema("Errors"), schema("Refusal")]}),
        html(),
    ),
    "SignIn": moved("To sign in"),
    "SignedOut": answer("Signed out, to who asks for JSON", REFUSAL),
    "Forbidden": answer("No CSRF token, or not the one of the cookie. Nothing was done.", REFUSAL, html()),
    "NotFound": answer("Nothing is at this address, or it belongs to another account", REFUSAL, html()),
    "TooLarge": answer("A larger body than may be sent. Nothing was changed.", REFUSAL, html(), plain()),
    "WrongKind": answer(
        "A body that is neither a form nor JSON, or JSON where only a form is read. Nothing was changed.",
        REFUSAL,
        html(),
        Accept=header("what may be sent", words()),
    ),
    "Busy": answer(
        "Nobody could take it within 5 s, for all requests that are worked on take longer. Nothing was changed.",
        REFUSAL,
        plain(),
        Retry_After=header("seconds after which to try again", words()),
    ),
    "Refused": answer("Refused, with the reason. Nothing was changed.", REFUSAL, html()),
}
COMMON: Answers = {
    400: ref("responses", "Unreadable"),
    413: ref("responses", "TooLarge"),
    503: ref("responses", "Busy"),
}
BEHIND: dict[Door, Answers] = {
    Door.OUTSIDE: {},
    Door.OPEN: COMMON,
    Door.SIGNED_IN: {**COMMON, 302: ref("responses", "SignIn"), 401: ref("responses", "SignedOut")},
}
HTMX_SIGN_IN = {"HX-Redirect": header("where to sign in", words(), required=False)}
CSRF = ("csrfCookie", "csrfHeader")


def described(operation: Operation) -> dict[str, Any]:
    answers = BEHIND[operation.door] | operation.answers
    if operation.door is Door.SIGNED_IN:
        answers[200] = or_sent_by_htmx(answers.get(200, {}))
        if 302 in operation.answers:
            answers[302] = {**answers[302], "description": f"{answers[302]['description']}; or else to sign in"}
    if operation.method == "post":
        answers = {403: ref("responses", "Forbidden"), 415: ref("responses", "WrongKind"), **answers}
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": list(operation.parameters),
        "responses": {str(status): answers[status] for status in sorted(answers)},
        "security": security_of(operation),
    }
    return found | ({"requestBody": operation.body} if operation.body else {})


def or_sent_by_htmx(found: Schema) -> Schema:
    """The answer, or what htmx is told where nobody is signed in: 200 without a body and the way to sign in."""
    told = "Where nobody is signed in htmx gets HX-Redirect and no body."
    return {
        **found,
        "description": f"{found['description'].rstrip('.')}. {told}" if found else told,
        "headers": {**found.get("headers", {}), **HTMX_SIGN_IN},
        "content": {**found.get("content", {}), **html()},
    }


def security_of(operation: Operation) -> list[dict[str, list[str]]]:
    """Any one of these is enough; an empty one is nothing at all."""
    needs = [*operation.security, *(CSRF if operation.method == "post" else ())]
    if operation.door is Door.SIGNED_IN:
        return [{name: [] for name in ("session", *needs)}]
    asked: dict[str, list[str]] = {name: [] for name in needs}
    return [asked] if operation.method == "post" or not asked else [{}, asked]


def schemes() -> dict[str, Schema]:
    def key(place: str, name: str, about: str) -> Schema:
        return {"type": "apiKey", "in": place, "name": name, "description": about}

    return {
        "session": key("cookie", settings.SESSION_COOKIE_NAME, "from signing in"),
        "csrfCookie": key("cookie", settings.CSRF_COOKIE_NAME, "from any page with a form, such as /accounts/login/"),
        "csrfHeader": key("header", "X-CSRFToken", "the cookie's value; or the form field csrfmiddlewaretoken"),
        "metricsToken": {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN"},
    }


def every_operation() -> Iterator[Operation]:
    yield from machines.OPERATIONS
    yield from dashboards.OPERATIONS
    yield from orders.OPERATIONS
    yield from books.OPERATIONS
    yield from watchlists.OPERATIONS
    yield from alerts.OPERATIONS
    yield from pages.operations()
    yield from accounts.OPERATIONS


def document() -> dict[str, Any]:
    """OpenAPI 3.1 as JSON carries it."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in every_operation():
        paths.setdefault(operation.path, {})[operation.method] = described(operation)
    htmx = choice(("true",), "sent by htmx: the answer is the part of a page that changed")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Livedesk", "version": settings.RELEASE, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": RESPONSES,
            "parameters": {"Htmx": {"name": "HX-Request", "in": "header", "required": False, "schema": htmx}},
            "securitySchemes": schemes(),
        },
    }


@cache
def served() -> tuple[bytes, bytes, str]:
    """The document's bytes, the same packed by gzip, and the ETag of both."""
    body = text.dumps(document(), separators=(",", ":"), ensure_ascii=False).encode()
    return body, gzip.compress(body, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
