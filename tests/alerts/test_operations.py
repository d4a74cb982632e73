"""R-DASH: the operations page, for staff alone, from what was looked at."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_OF,
)
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY as METHODS,
)
from allauth.mfa.models import Authenticator
from django.test import Client

from apps.alerts import services
from apps.alerts.models import Alert, Rule, Sample, Span
from apps.alerts.queries import changed_us, curves
from apps.live.codes import FORBIDDEN
from apps.live.entrance import Asking, Entered, read_answers
from apps.live.moments import micros
from apps.monitoring.pages import OperationsPage
from tests.patience import at_most, processor_seconds

from .conftest import NOW, figures, looks

STEP = timedelta(seconds=10)


@pytest.mark.parametrize("path", ["/ops/", "/ops/curves.json", "/ops/transport/", "/ops/trading/"])
def test_it_is_there_for_staff_alone(admin_client: Client, client: Client, alice: Any, path: str) -> None:
    strangers = client.get(path)
    client.force_login(alice)

    assert strangers.status_code == 302
    assert client.get(path).status_code == 404
    assert admin_client.get(path).status_code == 200


def test_an_hour_is_told_sample_by_sample(rule: Rule) -> None:
    looks(5, 7, p99_ms=120.0)
    looks(9, start=NOW + 2 * STEP)

    found = curves("hour", NOW + timedelta(minutes=1))

    assert found["at"] == [(NOW + number * STEP).timestamp() for number in range(3)]
    assert found["connections"] == [5, 7, 9]
    assert found["p99_ms"] == [120, 120, None]


def test_a_day_is_told_in_spans_of_ten_minutes(rule: Rule) -> None:
    for number, (frames, faults) in enumerate([(0, 0), (900, 9), (1000, 109)]):
        looks(10 * number, start=NOW + number * STEP, frames=frames, faults=faults)
    looks(50, start=NOW + timedelta(minutes=10))

    found = curves("day", NOW + timedelta(hours=1))

    assert found["at"] == [NOW.timestamp(), (NOW + timedelta(minutes=10)).timestamp()]
    assert found["connections"] == [10, 50]
    assert found["error_rate"] == [100 * 109 / 1000, None]
    assert Span.objects.earliest("at").parts["connections"] == [30, 3, 20]


def test_the_page_shows_what_fires_and_what_is_over(admin_client: Client, rule: Rule) -> None:
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        looks(6, 1, 8, components={"feed": "ok"})
        page = admin_client.get("/ops/").content.decode()
        polled = admin_client.get("/live/poll/operations/").content.decode()

    assert "1 firing" in page
    assert "mean time to resolve, 30 days: 10 s" in page
    assert page.count(f"/admin/alerts/rule/{rule.pk}/change/") == 2
    assert page.count(rule.measures) == 2
    assert f'data-ts="{micros(NOW + 2 * STEP)}"></span>' in page  # the page keeps its age
    fires = Alert.objects.get(resolved_at=None)
    assert page.count(f'/admin/alerts/alert/?id__exact={fires.pk}">nobody yet') == 1
    assert b"1 alert" in admin_client.get(f"/admin/alerts/alert/?id__exact={fires.pk}").content
    drawn = figures("operations", page)
    assert f'data-ts="{micros(NOW + 2 * STEP)}"' in drawn
    assert drawn in polled
    assert "hx-get" not in page


def test_alerts_are_counted_by_severity(admin_client: Client, rule: Rule) -> None:
    """What fires, and what was raised in thirty days; the chart has each in its bar."""
    minute = timedelta(minutes=1)
    Alert.objects.create(
        rule=rule, severity="critical", value=9, raised_at=NOW - 31 * 24 * 60 * minute, resolved_at=NOW
    )
    Alert.objects.create(rule=rule, severity="info", value=9, raised_at=NOW - 5 * minute, resolved_at=NOW - 3 * minute)
    with time_machine.travel(NOW + minute, tick=False):
        looks(6)
        page = figures("operations", admin_client.get("/ops/").content.decode())
        spans = {
            span: admin_client.get(f"/ops/curves.json?span={span}&of=alerts").json()
            for span in ("hour", "day", "week", "month")
        }

    assert re.findall(r"<dt>(\w+)</dt><dd>(\d+) <small>firing, (\d+) raised", page) == [
        ("Critical", "0", "0"),
        ("Warning", "1", "1"),
        ("Info", "0", "1"),
    ]
    told = spans["hour"]
    bars = {at - NOW.timestamp(): both for at, *both in zip(*told.values(), strict=True) if any(both)}
    assert list(told) == ["at", "raised", "resolved"]
    assert bars == {-300: [1, 0], -180: [0, 1], 0: [1, 1]}
    assert {span: len(each["at"]) for span, each in spans.items()} == {"hour": 60, "day": 48, "week": 42, "month": 30}
    assert {(sum(each["raised"]), sum(each["resolved"])) for each in spans.values()} == {(2, 2)}


def test_what_is_silenced_says_so_until_when(admin_client: Client, rule: Rule, admin_user: Any) -> None:
    """And in the admin each alert says its state."""
    minute = timedelta(minutes=1)
    with time_machine.travel(NOW + minute, tick=False):
        looks(6)
        alert = Alert.objects.get()
        listed = "/admin/alerts/alert/"
        states, shown = [], []
        for change in (
            lambda: None,
            lambda: services.acknowledge([alert], admin_user, NOW),
            lambda: Rule.objects.update(silenced_until=NOW + 40 * minute),
            lambda: Rule.objects.update(silenced_until=NOW + minute),
            lambda: Alert.objects.update(resolved_at=NOW),
        ):
            change()
            states += re.findall(r'class="field-state">(\w+)<', admin_client.get(listed).content.decode())
            page = figures("operations", admin_client.get("/ops/").content.decode())
            shown.append(re.sub(r"<[^>]+>", "", page).count("fires, silenced until 2 Mar 12:40"))

    assert states == ["firing", "acknowledged", "silenced", "acknowledged", "resolved"]
    assert shown == [0, 0, 1, 0, 0]


def test_an_alert_that_is_acknowledged_is_news(admin_client: Client, rule: Rule, admin_user: Any) -> None:
    looks(6)
    before = changed_us(NOW)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        services.acknowledge(list(Alert.objects.all()), admin_user, NOW + timedelta(minutes=1))

    assert before == micros(NOW)
    assert changed_us(NOW + timedelta(minutes=1)) == micros(NOW + timedelta(minutes=1))


def test_neither_poll_nor_socket_is_there_for_others(client: Client, alice: Any) -> None:
    client.force_login(alice)

    assert client.get("/live/poll/operations/").status_code == 404
    assert way_in(client) == FORBIDDEN


def test_a_second_factor_is_asked_of_poll_and_socket_too(admin_client: Client, admin_user: Any, settings: Any) -> None:
    """S11: what a page leads to, a line can only refuse."""
    assert isinstance(way_in(admin_client), Entered)
    settings.STAFF_MFA = True
    without = admin_client.get("/live/poll/operations/").status_code, way_in(admin_client)
    Authenticator.objects.create(user=admin_user, type=Authenticator.Type.TOTP, data={})
    not_shown = admin_client.get("/live/poll/operations/").status_code, way_in(admin_client)
    session = admin_client.session
    session.update({METHODS: [{"method": "mfa", "at": time.time()}], METHODS_OF: str(admin_user.pk)})
    session.save()

    assert (without, not_shown) == ((404, FORBIDDEN), (404, FORBIDDEN))
    assert admin_client.get("/live/poll/operations/").status_code == 200
    assert isinstance(way_in(admin_client), Entered)


def way_in(client: Client) -> Any:
    """What the socket of this browser would be answered."""
    answer: Any = None  # nobody waits for it here
    (told,) = read_answers([Asking(OperationsPage(), client.cookies["sessionid"].value, {}, answer)])
    return told


def test_thirty_days_are_told_fast(rule: Rule, admin_client: Client, record_property: Any) -> None:
    part = {name: [1.0, 2.0, 1.0] for name in ("connections", "error_rate", "reconnect_rate", "p95_ms", "p99_ms")}
    with time_machine.travel(NOW, tick=False):
        tens = [NOW - number * timedelta(minutes=10) for number in range(30 * 144)]
        Span.objects.bulk_create(Span(at=at, parts=part) for at in tens)
        Sample.objects.bulk_create(Sample(at=NOW - number * STEP, parts=part) for number in range(360))
        paths = [f"/ops/curves.json?span={span}" for span in ("hour", "month")]
        found = [admin_client.get(path).json() for path in paths]
        took = [processor_seconds(lambda path=path: admin_client.get(path)) for path in paths]
    told = " and ".join(f"{1000 * seconds:.0f} ms" for seconds in took)
    record_property("figure", f"an hour and 30 days of /ops/ in {told} (of the processor, promised 300 ms)")

    assert [len(each["at"]) for each in found] == [360, 30 * 144]
    assert max(took) < at_most(0.3)
    assert admin_client.get("/ops/?span=year").status_code == 404
