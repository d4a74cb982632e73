"""R-API: the description of the HTTP interface is valid OpenAPI 3.1, forgets no address, and is served as it is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from apps.alerts.queries import SPANS
from apps.alerts.views import DRAWN
from apps.market.models import Instrument
from apps.monitoring.asgi import ANSWERS
from apps.monitoring.openapi import alerts, dashboards, machines, orders
from apps.monitoring.openapi.document import document, every_operation
from apps.monitoring.openapi.terms import FORM, JSON, MULTIPART, Door
from apps.portfolio.services import open_account
from apps.traderalerts.forms import AlertForm
from apps.traderalerts.models import AlertSettings, Kind, TraderAlert
from apps.trades.forms import FIELDS
from apps.usage import queries
from apps.usage.forms import LeftForm
from apps.watchlist.services import Added, add_symbol, default_watchlist

LEFT_OUT = {
    "admin/": "Django's admin: forms for people",
    "accounts/2fa/": "allauth's pages for second factors",
    "accounts/sessions/$": "allauth's way to sign all other browsers out",
    "accounts/inactive/": "allauth's page for who may not sign in",
    "accounts/reauthenticate/": "allauth's page for who must show a second factor again",
    "accounts/discord/": "the way of a browser through Discord and back",
}
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Each ends with $."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, before + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield f"{before}{entry.pattern}$"


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (text for name, text in part.items() if name == "$ref")
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_it_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(document()).validate()

    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict({**document(), "servers": "none"}).validate()


def test_what_it_refers_to_is_there_and_all_that_is_there_is_referred_to() -> None:
    told = document()
    there = {f"#/components/{kind}/{name}" for kind, names in told["components"].items() for name in names}

    assert set(references(told)) == {name for name in there if "/securitySchemes/" not in name}


def test_every_address_is_described_or_left_out_for_a_reason() -> None:
    every = set(routes(get_resolver()))
    own = {CONVERTER.sub(r"{\1}", f"/{route[:-1]}") for route in every if not route.startswith(tuple(LEFT_OUT))}

    assert document()["paths"].keys() == own | ANSWERS.keys()
    assert [start for start in LEFT_OUT if not any(route.startswith(start) for route in every)] == []


def test_every_operation_has_a_name_of_its_own_and_the_parameters_of_its_path() -> None:
    every = [(path, each) for path, methods in document()["paths"].items() for each in methods.values()]
    names = [each["operationId"] for _, each in every]

    assert len(set(names)) == len(names)
    for path, each in every:
        own = [parameter["name"] for parameter in each["parameters"] if parameter.get("in") == "path"]
        assert own == re.findall(r"\{(\w+)\}", path)


def test_a_ticket_has_the_fields_that_are_read_and_operations_their_spans() -> None:
    """What cannot be imported, or is told with more words."""
    assert tuple(orders.TICKET) == FIELDS
    assert (tuple(SPANS), tuple(DRAWN)) == (machines.OPS_SPANS, machines.OPS_CHARTS)
    assert tuple(queries.SPANS) == dashboards.USE_SPANS
    assert (tuple(queries.BY_HOUR), tuple(queries.BY_DAY)) == (dashboards.HOUR_SPANS, dashboards.DAY_SPANS)
    assert list(LeftForm.base_fields) == list(dashboards.LEFT)
    assert (tuple(Kind.values), tuple(TraderAlert.State.values)) == (alerts.KINDS, alerts.STATES)
    assert tuple(AlertSettings.Way.values) == alerts.WAYS
    assert list(alerts.FIELDS) == list(AlertForm.base_fields)


def test_it_is_served_packed_or_plain_and_once(client: Client) -> None:
    plain = client.get("/api/openapi.json")
    packed = client.get("/api/openapi.json", headers={"accept-encoding": "br, gzip"})
    again = client.get("/api/openapi.json", headers={"if-none-match": plain["ETag"]})

    assert (plain.json(), plain["Content-Type"]) == (document(), "application/json")
    assert (gzip.decompress(packed.content), packed["Content-Encoding"]) == (plain.content, "gzip")
    assert (again.status_code, again.content) == (304, b"")
    assert {answer["Vary"] for answer in (plain, packed, again)} == {"Accept-Encoding"}


def test_a_body_over_64_kb_or_what_a_file_may_be_is_413_wherever_one_may_be_sent(
    client: Client, db: None, settings: Any
) -> None:
    posts = {path: methods["post"] for path, methods in document()["paths"].items() if "post" in methods}
    for path, each in posts.items():
        filled = re.sub(r"\{\w+\}", "1", path.replace("{order_id}", "00000000-0000-4000-8000-000000000000"))
        large = b"x" * (settings.UPLOADS.get(path, 65_536) + 1)
        answer = client.post(filled, large, content_type="text/plain", headers={"accept": "application/json"})
        assert (path, answer.status_code, "413" in each["responses"]) == (path, 413, True)
    assert len(posts) > 20


@pytest.mark.parametrize(("kind", "body"), [("text/xml", b"<order/>"), ("text/plain", b'{"symbol": "AAPL"}')])
def test_a_body_that_is_neither_form_nor_json_is_415_wherever_one_may_be_sent(
    client: Client, db: None, kind: str, body: bytes
) -> None:
    posts = {path: methods["post"] for path, methods in document()["paths"].items() if "post" in methods}
    for path, each in posts.items():
        filled = re.sub(r"\{\w+\}", "1", path.replace("{order_id}", "00000000-0000-4000-8000-000000000000"))
        answer = client.post(filled, body, content_type=kind, headers={"accept": "application/json"})
        assert (path, answer.status_code, "415" in each["responses"]) == (path, 415, True)
    assert len(posts) > 20


def test_json_is_415_where_only_a_form_is_described_and_says_so(admin_client: Client, admin_user: Any) -> None:
    """An empty form would be another request than was meant. Who signs out is signed out, whatever is sent."""
    now = timezone.now()
    Instrument.objects.create(symbol="AAPL", name="Apple")
    open_account(admin_user, Decimal(100_000))
    alert = TraderAlert.objects.create(user=admin_user, kind=Kind.ORDER_FILLED, made_at=now, waiting_since=now)
    watchlist = default_watchlist(admin_user)
    added = add_symbol(watchlist, "AAPL")
    assert isinstance(added, Added)
    numbers = {"watchlist_id": watchlist.pk, "line_id": added.line.pk, "alert_id": alert.pk}
    answers = {}
    for path, methods in document()["paths"].items():
        taken = methods.get("post", {}).get("requestBody", {}).get("content", {})
        if taken and JSON not in taken and path != "/accounts/logout/":
            answer = admin_client.post(path.format(**numbers), {"x": "1"}, content_type=JSON, headers={"accept": JSON})
            answers[path] = (answer.status_code, answer.headers.get("Accept"), "takes a form" in answer.text)
    assert answers == dict.fromkeys(answers, (415, f"{FORM}, {MULTIPART}", True))
    assert len(answers) > 10


def test_every_address_that_waits_for_a_thread_says_that_the_desk_may_be_busy() -> None:
    told = document()
    behind = [each for each in every_operation() if each.door is not Door.OUTSIDE]

    assert [each.name for each in behind if "503" not in told["paths"][each.path][each.method]["responses"]] == []
    assert set(told["components"]["responses"]["Busy"]["content"]) == {JSON, "text/plain"}
