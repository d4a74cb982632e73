"""The alerts page over HTTP: plain forms and JSON, errors by field, and nobody else's alerts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.desk.crossing import Crossing
from apps.live.fragments import render_fragment
from apps.traderalerts import firing, services
from apps.traderalerts.models import AlertSettings, TraderAlert

from .conftest import MakeAlert

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
GOOD = {"kind": "price_above", "symbol": "AAPL", "threshold": "151"}
HOOK = "https://discord.com/api/webhooks/1/secret-of-alice"


@pytest.fixture(autouse=True)
def signed_in(client: Client, alice: User, account: Any) -> None:
    client.force_login(alice)


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def fire(alert: TraderAlert, now: datetime) -> None:
    assert firing.fire(alert.pk, alert.waiting_since, Crossing(now, Decimal("151.02")), now)


def test_empty_page_says_what_to_do(client: Client, alice: User) -> None:
    page = client.get("/alerts/?symbol=MSFT").content.decode()

    assert "No alerts yet" in page and 'value="MSFT"' in page
    assert render_fragment(f"alerts/{alice.pk}") in page
    assert 'href="/alerts/" aria-current="page"' in page


def test_an_alert_is_made_by_a_plain_form(client: Client) -> None:
    """R-NOJS"""
    answer = client.post("/alerts/", {**GOOD, "symbol": "aapl", "note": "Take half"})

    alert = TraderAlert.objects.get()
    assert (answer.status_code, answer["Location"], said(answer)) == (
        302,
        "/alerts/",
        ["Waiting: AAPL at or above 151.00."],
    )
    assert (alert.state, alert.threshold, alert.base, alert.note) == (
        "waiting",
        Decimal(151),
        Decimal("150.01"),
        "Take half",
    )
    assert "AAPL at or above 151.00" in client.get("/alerts/").content.decode()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"kind": "weather"}, "kind", "Unknown"),
        ({"kind": ""}, "kind", "Choose what to be told of"),
        ({"symbol": ""}, "symbol", "Symbol is required, such as AAPL"),
        ({"symbol": "NOPE"}, "symbol", "NOPE is not a symbol that is traded here: type one in full, such as AAPL"),
        ({"symbol": "HALT"}, "symbol", "HALT is not a symbol that is traded here: type one in full, such as AAPL"),
        ({"symbol": "MSFT"}, "symbol", "MSFT has no price yet. Try again when it is quoted."),
        ({"threshold": ""}, "threshold", "Level is required"),
        ({"threshold": "much"}, "threshold", "Level must be a number, such as 150.25"),
        ({"threshold": "NaN"}, "threshold", "Level must be a number, such as 150.25"),
        ({"threshold": "-3"}, "threshold", "A price must be above 0"),
        ({"threshold": "150"}, "threshold", "AAPL is at 150.01 already: choose a level it has yet to reach"),
        ({"kind": "price_below"}, "threshold", "AAPL is at 150.01 already: choose a level it has yet to reach"),
        ({"kind": "percent_move", "threshold": "1001"}, "threshold", "Per cent must be above 0 and 1000 at most"),
        (
            {"kind": "pnl_above", "threshold": "-1"},
            "threshold",
            "Day P&L is at +0.00 USD already: choose a level it has yet to reach",
        ),
        ({"note": "two\nlines"}, "note", "Note must be one line of plain text"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client: Client, fields: dict[str, str], field: str, words: str) -> None:
    json = client.post("/alerts/", {**GOOD, **fields}, headers=JSON)
    plain = client.post("/alerts/", {**GOOD, **fields})

    assert (json.status_code, json.json()) == (422, {"errors": {field: [words]}})
    assert plain.status_code == 422
    shown = words.replace("&", "&amp;")
    assert f'id="alert-{field}-says">{shown}</p>' in plain.content.decode()
    assert TraderAlert.objects.count() == 0


def test_trader_without_account_has_no_day(client: Client, bob: User) -> None:
    client.force_login(bob)

    answer = client.post("/alerts/", {"kind": "pnl_below", "threshold": "-100"}, headers=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["kind"])


@pytest.mark.parametrize("body", ["{", "[]", '{"kind": ["x"]}'])
def test_malformed_json_is_refused(client: Client, body: str) -> None:
    assert client.post("/alerts/", body, content_type="application/json", headers=JSON).status_code == 400


def test_hundred_and_first_is_refused(client: Client, make: MakeAlert) -> None:
    first = make("price_above", "151")
    for _ in range(99):
        make("price_above", "152")

    answer = client.post("/alerts/", GOOD, headers=JSON)
    services.turn_off(first)
    still = client.post("/alerts/", GOOD, headers=JSON)
    client.post(f"/alerts/{first.pk}/delete/")

    assert (answer.status_code, still.status_code) == (422, 422)
    assert "100 alerts that wait" in answer.json()["errors"]["kind"][0]
    assert client.post("/alerts/", GOOD, headers=JSON).status_code == 201


def test_an_alert_is_edited_turned_off_and_on_and_deleted(client: Client, make: MakeAlert) -> None:
    """R-NOJS"""
    alert = make("price_above", "151")
    form = client.get(f"/alerts/{alert.pk}/").content.decode()
    edited = client.post(f"/alerts/{alert.pk}/", {**GOOD, "kind": "price_below", "threshold": "149.5"})
    alert.refresh_from_db()
    states = []
    for to in ("off", "on", "sideways"):
        client.post(f"/alerts/{alert.pk}/turn/", {"to": to})
        states.append(TraderAlert.objects.get().state)
    deleted = client.post(f"/alerts/{alert.pk}/delete/")

    assert "Edit alert" in form and 'value="151"' in form
    assert (edited.status_code, alert.kind, alert.threshold) == (302, "price_below", Decimal("149.5"))
    assert states == ["off", "waiting", "waiting"]
    assert (deleted.status_code, TraderAlert.objects.count()) == (302, 0)


def test_fired_alert_is_acknowledged(client: Client, make: MakeAlert, now: datetime) -> None:
    alert = make("price_above", "151")
    fire(alert, now)
    before = client.get("/alerts/").content.decode()

    answer = client.post(f"/alerts/{alert.pk}/acknowledge/", headers=JSON)
    again = client.post(f"/alerts/{alert.pk}/acknowledge/", headers=JSON)

    assert "To acknowledge" in before and "AAPL at or above 151.00: it was 151.02" in before
    assert (answer.json(), again.json()) == ({"id": alert.pk, "state": "acknowledged"},) * 2
    assert "To acknowledge" not in client.get("/alerts/").content.decode()


def test_fired_alert_is_under_activity_too(client: Client, make: MakeAlert, now: datetime) -> None:
    fire(make("price_above", "151", note="<b>now</b>"), now)

    page = client.get("/activity/?family=alert").content.decode()

    assert "AAPL at or above 151.00: it was 151.02" in page and "&lt;b&gt;now&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"way": "pigeon"}, {"way": ["Choose one of the ways"]}),
        ({"way": "email"}, {"way": ["This desk sends no e-mail (its EMAIL_URL is not set): choose another way"]}),
        (
            {"way": "discord", "webhook": "http://discord.com/api/webhooks/1/x"},
            {"webhook": ["Webhook cannot be used: the address must begin with https://"]},
        ),
        (
            {"way": "discord", "webhook": "https://example.com/api/webhooks/1/x"},
            {
                "webhook": [
                    "Webhook must be https://discord.com/api/webhooks/…: Discord, channel settings, Integrations"
                ]
            },
        ),
        ({"way": "page", "quiet_from": "22:00"}, {"quiet_until": ["Quiet hours need both times, or none"]}),
        ({"way": "page", "quiet_from": "25:00", "quiet_until": "7:00"}, {"quiet_from": ["A time, such as 22:00"]}),
        (
            {"way": "page", "quiet_from": "07:00", "quiet_until": "07:00"},
            {"quiet_until": ["Quiet hours must end at another time than they begin"]},
        ),
    ],
)
def test_settings_that_cannot_be_stand_beside_their_fields(
    client: Client, fields: dict[str, str], errors: dict[str, list[str]]
) -> None:
    json = client.post("/alerts/settings/", fields, headers=JSON)
    plain = client.post("/alerts/settings/", fields)

    assert (json.status_code, json.json()) == (422, {"errors": errors})
    assert (plain.status_code, next(iter(errors.values()))[0] in plain.content.decode()) == (422, True)
    assert AlertSettings.objects.count() == 0


def test_a_webhook_is_shown_by_its_end_and_stays_when_left_so(client: Client) -> None:
    fields = {"way": "discord", "webhook": HOOK, "quiet_from": "22:00", "quiet_until": "07:00"}
    client.post("/alerts/settings/", fields)
    page = client.get("/alerts/").content.decode()

    client.post("/alerts/settings/", {**fields, "webhook": "•••lice", "quiet_until": "08:00"})

    row = AlertSettings.objects.get()
    assert (row.webhook, f"{row.quiet_until:%H:%M}") == (HOOK, "08:00")
    assert "secret-of" not in page and 'value="•••lice"' in page


@pytest.mark.parametrize("count", [1, 4])
def test_page_takes_the_same_queries_whatever_the_alerts(
    client: Client, make: MakeAlert, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make("price_above", "151")

    with django_assert_max_num_queries(22):
        client.get("/alerts/")


def test_another_traders_alert_is_not_found(bob: User, make: MakeAlert) -> None:
    charlie, alert = Client(), make("price_above", "151")
    charlie.force_login(bob)

    codes = [
        charlie.post(f"/alerts/{alert.pk}/{verb}").status_code for verb in ("", "delete/", "acknowledge/", "turn/")
    ]

    assert (codes, charlie.get(f"/alerts/{alert.pk}/").status_code) == ([404] * 4, 404)
    assert "AAPL" not in charlie.get("/alerts/").content.decode()
    assert TraderAlert.objects.get().state == "waiting"


def test_commands_are_posts_with_csrf(client: Client, alice: User, make: MakeAlert) -> None:
    strict, alert = Client(enforce_csrf_checks=True), make("price_above", "151")
    strict.force_login(alice)

    assert client.get(f"/alerts/{alert.pk}/delete/").status_code == 405
    assert strict.post("/alerts/", GOOD).status_code == 403
    assert strict.post(f"/alerts/{alert.pk}/delete/").status_code == 403


def test_signed_out_is_sent_to_sign_in() -> None:
    assert Client().get("/alerts/")["Location"] == "/accounts/login/?next=/alerts/"


def test_admin_reads_and_never_sees_an_address(admin_client: Client, alice: User, make: MakeAlert, now: Any) -> None:
    services.save_settings(AlertSettings(user=alice, way="discord", webhook=HOOK))
    fire(make("price_above", "151"), now)
    row = AlertSettings.objects.get()

    pages = [
        admin_client.get(f"/admin/traderalerts/{name}/")
        for name in ("traderalert", "alertdelivery", "alertsettings", f"alertsettings/{row.pk}/change")
    ]

    assert [page.status_code for page in pages] == [200] * 4
    assert not any("secret-of-alice" in page.content.decode() for page in pages)
    assert admin_client.get("/admin/traderalerts/traderalert/add/").status_code == 403
