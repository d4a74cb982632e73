"""R-DASH: transport and trading, from what the looks counted between each other."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.alerts.counting import LAG
from apps.alerts.dashboards import Bar, trading, transport
from apps.alerts.models import Rule, Sample, Span
from apps.alerts.queries import TRADING, TRANSPORT, counted, curves
from apps.live.announce import announce
from apps.telemetry import slow

from .conftest import NOW, figures, looks

STEP = timedelta(seconds=10)


@pytest.fixture
def _nobody_slow() -> Iterator[None]:
    slow._users.clear()
    yield
    slow._users.clear()


def test_what_is_counted_between_looks_adds_up_to_spans(rule: Rule) -> None:
    told = [
        {"fault:draw": 5.0, "closed:4408": 2.0},
        {"fault:draw": 7.0, "closed:4408": 2.0, "stay:3": 1.0},
        {"fault:draw": 8.0, "closed:4408": 4.0, "stay:3": 1.0},
    ]
    for number, counts in enumerate(told):
        looks(1, start=NOW + number * STEP, counts=counts)

    assert Span.objects.get().counts == {"fault:draw": 3, "closed:4408": 2, "stay:3": 1}
    assert [("counts" in raw) for raw in Sample.objects.order_by("at").values_list("raw", flat=True)] == [
        False,
        False,
        True,
    ]


def test_what_a_process_took_along_is_not_known(rule: Rule) -> None:
    for number, faults in enumerate((5.0, 2.0, 3.0)):
        looks(1, start=NOW + number * STEP, counts={"fault:draw": faults})
    looks(1, start=NOW + timedelta(minutes=5), counts={"fault:draw": 30.0})

    assert Span.objects.get().counts == {"fault:draw": 1}
    assert curves("hour", NOW + timedelta(minutes=6), TRANSPORT)["disconnects"] == [None, None, 0, None]


def test_rates_are_a_minute_and_per_frame(rule: Rule) -> None:
    looks(1, opened=3, frames=0, counts={"error:message": 1.0, "closed:1001": 1.0})
    looks(1, start=NOW + STEP, opened=8, frames=200, counts={"error:message": 3.0, "closed:1001": 3.0})

    found = curves("hour", NOW + timedelta(minutes=1), TRANSPORT)

    assert found["connects"] == [None, pytest.approx(30)]
    assert found["disconnects"] == [None, pytest.approx(12)]
    assert found["errors_message"] == [None, 1]
    assert found["errors_server"] == [None, 0]


@pytest.mark.parametrize("seed", range(3))
def test_orders_are_counted_once_whenever_looks_come(rule: Rule, seed: int) -> None:
    """R-DASH: against a naive count; looks come late, or not for minutes."""
    dice, naive, now = random.Random(seed), Counter[str](), NOW
    with time_machine.travel(NOW - timedelta(minutes=1), tick=False):
        announce("user/7", "order.filled")
    looks(1, start=now)
    Span.objects.update(counts={})
    for _ in range(40):
        now += timedelta(seconds=dice.choice([3, 10, 10, 11, 14, 300]))
        for _ in range(dice.randint(0, 3)):
            kind = dice.choice(["accepted", "denied", "filled", "canceled"])
            rule_name = dice.choice(["buying_power", "halt"]) if kind == "denied" else None
            with time_machine.travel(now - timedelta(milliseconds=dice.randint(1, 2999)), tick=False):
                announce(f"user/{dice.randint(1, 3)}", f"order.{kind}", {"rule": rule_name}, toast=kind == "filled")
            naive[f"order:{kind}"] += 1
            if rule_name:
                naive[f"denied:{rule_name}"] += 1
        looks(1, start=now)
    looks(1, start=now + LAG + STEP)

    assert counted("day", now + timedelta(minutes=1)) == naive


def test_what_became_of_orders_is_told_in_words() -> None:
    found = trading({"order:canceled": 2.0, "order:partially_filled": 1.0, "denied:buying_power": 3.0})

    assert [bar.name for bar in found["outcomes"] + found["rules"]] == ["cancelled", "partly filled", "buying power"]


def test_orders_are_told_a_second_and_a_minute(rule: Rule, admin_client: Client) -> None:
    looks(1)
    with time_machine.travel(NOW - timedelta(seconds=1), tick=False):
        for kind in ("accepted", "accepted", "partially_filled", "filled", "denied"):
            announce("user/7", f"order.{kind}")
    looks(1, start=NOW + STEP, feed_age=1.5)

    found = curves("hour", NOW + timedelta(minutes=1), TRADING)
    page = figures("trading", admin_client.get("/ops/trading/").content.decode())

    assert found["orders_accepted"] == [0, pytest.approx(12)]
    assert found["orders_filled"] == [0, pytest.approx(12)]
    assert found["orders_denied"] == [0, pytest.approx(6)]
    assert found["feed_age"] == [None, 1.5]
    assert re.findall(r"<dt>([\w ]+)</dt><dd>([\d.]+) <small>a second, (\d+) a minute", page) == [
        ("Orders accepted", "0.20", "12"),
        ("Fills", "0.20", "12"),
        ("Orders refused", "0.10", "6"),
    ]


@pytest.mark.usefixtures("_nobody_slow")
def test_transport_says_how_late_how_long_and_what_failed() -> None:
    counts = {"late:quote:0": 99.0, "late:quote:16": 1.0, "late:event:2": 4.0}
    counts |= {"stay:0": 2.0, "stay:2": 1.0, "stay:12": 1.0}
    counts |= {
        "fault:draw": 4.0,
        "fault:socket": 1.0,
        "refused:4429": 8.0,
        "closed:4408": 3.0,
        "closed:1001": 9.0,
        "error:server": 5.0,
    }

    found = transport(counts)

    assert [(each.kind, each.count) for each in found["lateness"]] == [("quote", 100), ("event", 4), ("state", 0)]
    assert found["lateness"][2].ranks == (None, None, None)
    assert found["lateness"][0].ranks[0] == pytest.approx(2.5, abs=0.1)
    assert [(bar.name, bar.count) for bar in found["histogram"]][:3] == [
        ("up to 5 ms", 99),
        ("up to 10 ms", 0),
        ("up to 20 ms", 4),
    ]
    assert [(bar.name, bar.count) for bar in found["stays"]][-1] == ("over 12 h", 1)
    assert found["errors"] == [
        Bar("4429", "refused", 8, 100),
        Bar("draw", "fault", 4, 50),
        Bar("socket", "fault", 1, 12.5),
    ]
    assert [(bar.name, words) for bar, words in found["closes"]] == [
        ("1001", "The page was left or loaded again"),
        ("4408", "Connection timed out"),
    ]
    assert found["slow"] == []


@pytest.mark.usefixtures("_nobody_slow")
def test_slow_clients_are_named_while_they_are_slow(alice: Any) -> None:
    for ms in (999.0, 1500.0, 4000.0):
        slow.told(alice.pk, ms)
    slow.deferred(alice.pk + 1)
    now = transport({})["slow"]
    slow.forget(time.monotonic() + slow.KEPT_SECONDS + 1)
    later = transport({})["slow"]

    assert [(row.name, row.late, row.worst_ms, row.deferred) for row in now] == [("alice", 2, 4000, 0), ("", 0, 0, 1)]
    assert later == []


@pytest.mark.usefixtures("_nobody_slow")
@pytest.mark.parametrize(
    "path, words",
    [
        ("/ops/transport/", "No page has told how late it was in this span"),
        ("/ops/transport/", "No page is slow"),
        ("/ops/trading/", "No order was refused in this span"),
    ],
)
def test_an_empty_page_says_so(admin_client: Client, path: str, words: str) -> None:
    page = admin_client.get(path).content.decode()
    kind = path.split("/")[2]
    polled = admin_client.get("/live/poll/operations/", {"of": kind}).content.decode()

    assert words in figures(kind, page)
    assert figures(kind, page) in polled
    assert "nobody has looked yet" in page
    assert "hx-get" not in page


def test_trading_shows_what_was_counted(admin_client: Client, rule: Rule) -> None:
    with time_machine.travel(NOW, tick=False):
        Span.objects.create(at=NOW, counts={"order:filled": 1234, "denied:buying_power": 3})
        Span.objects.create(at=NOW - timedelta(hours=3), counts={"denied:halt": 2})
        hour = admin_client.get("/ops/trading/").content.decode()
        day = admin_client.get("/ops/trading/?span=day").content.decode()
        answer: Any = admin_client.get("/ops/trading/?span=year")

    assert ">1,234<" in hour
    assert ">buying power<" in hour
    assert (">halt<" in hour, ">halt<" in day) == (False, True)
    assert answer.status_code == 404
