"""A firing is one transaction, once: the state, the event with its toast, and what goes to the address."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from apps.desk.crossing import Crossing
from apps.live.models import Event
from apps.portfolio.models import Account
from apps.traderalerts import firing, services, words
from apps.traderalerts.models import AlertDelivery, AlertSettings, TraderAlert
from apps.trades import filling
from apps.trades import services as trades
from apps.trades.ticket import Refused

from .conftest import MakeAlert

pytestmark = pytest.mark.django_db
STEP = timedelta(minutes=1)


def told() -> list[str]:
    return list(Event.objects.filter(kind="alert.fired").order_by("seq").values_list("facts__happened", flat=True))


def fire(alert: TraderAlert, at: datetime, value: str = "151.02", after: datetime | None = None) -> bool:
    return firing.fire(alert.pk, alert.waiting_since, Crossing(at, Decimal(value), after), at)


def test_who_fires_second_finds_it_told(make: MakeAlert, now: datetime) -> None:
    alert = make("price_above", "151")

    assert (fire(alert, now + STEP), fire(alert, now + STEP)) == (True, False)

    alert.refresh_from_db()
    assert (alert.state, alert.value, alert.crossed_at, alert.told_at) == (
        "fired",
        Decimal("151.02"),
        now + STEP,
        now + STEP,
    )
    assert told() == ["AAPL at or above 151.00: it was 151.02"]
    event = Event.objects.get(kind="alert.fired")
    assert (event.toast, event.topics[0]) == (True, f"alerts/{alert.user_id}")


def test_what_cannot_be_committed_has_not_fired(make: MakeAlert, now: datetime) -> None:
    alert = make("price_above", "151")

    with pytest.raises(RuntimeError), transaction.atomic():
        fire(alert, now)
        raise RuntimeError("the process dies")

    alert.refresh_from_db()
    assert (alert.state, told()) == ("waiting", [])
    assert fire(alert, now) is True


def test_one_that_was_changed_or_deleted_meanwhile_does_not_fire(make: MakeAlert, now: datetime) -> None:
    alert, gone = make("price_above", "151"), make("price_above", "152")
    services.change_alert(alert, services.terms_of(alert), now + STEP)
    services.delete_alert(gone)

    assert (fire(alert, now + STEP), fire(gone, now + STEP)) == (False, False)
    assert told() == []


def test_an_address_is_told_at_once_and_then_with_growing_gaps(make: MakeAlert, alice: Any, now: datetime) -> None:
    services.save_settings(AlertSettings(user=alice, way="discord", webhook="https://discord.com/api/webhooks/1/x"))
    alert = make("price_above", "151", note="Take half")

    fire(alert, now)

    rows = AlertDelivery.objects.order_by("ring")
    assert [row.due_at - now for row in rows] == [
        timedelta(),
        timedelta(minutes=5),
        timedelta(minutes=20),
        timedelta(hours=1, minutes=20),
        timedelta(hours=5, minutes=20),
    ]
    assert rows[0].text == f"AAPL at or above 151.00: it was 151.02, crossed {now:%H:%M:%S} UTC – Take half"


def test_an_address_is_left_alone_in_quiet_hours_and_the_page_is_not(
    make: MakeAlert, alice: Any, now: datetime
) -> None:
    alice.time_zone = "America/New_York"
    alice.save()
    row = AlertSettings(user=alice, way="discord", quiet_from=time(22), quiet_until=time(7))
    services.save_settings(row)
    alert, night = make("price_above", "151"), datetime.fromisoformat("2026-01-10T03:30:00+00:00")

    fire(alert, night)

    first, second = AlertDelivery.objects.order_by("ring")[:2]
    assert first.due_at == datetime.fromisoformat("2026-01-10T12:00:00+00:00")
    assert second.due_at - first.due_at == timedelta(minutes=5)
    assert len(told()) == 1


def test_quiet_hours_set_later_hold_for_what_is_still_due(make: MakeAlert, alice: Any, now: datetime) -> None:
    row = AlertSettings(user=alice, way="discord")
    services.save_settings(row)
    fire(make("price_above", "151"), datetime.fromisoformat("2026-01-10T21:58:00+00:00"))

    row.quiet_from, row.quiet_until = time(22), time(7)
    services.save_settings(row)

    due = [each.due_at.isoformat() for each in AlertDelivery.objects.order_by("ring")]
    assert due[:3] == ["2026-01-10T21:58:00+00:00", "2026-01-11T07:00:00+00:00", "2026-01-11T07:00:00+00:00"]


def test_acknowledged_is_told_no_more(make: MakeAlert, alice: Any, now: datetime) -> None:
    services.save_settings(AlertSettings(user=alice, way="discord"))
    alert = make("price_above", "151")
    fire(alert, now)

    assert (services.acknowledge(alert, now), services.acknowledge(alert, now)) == (True, False)

    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_at) == ("acknowledged", now)
    assert set(AlertDelivery.objects.values_list("state", flat=True)) == {"dead"}


def test_one_that_repeats_waits_again_from_where_the_price_is(make: MakeAlert, now: datetime) -> None:
    alert = make("percent_move", "1", repeat=True)
    fire(alert, now, "151.60")

    services.acknowledge(alert, now + STEP)

    alert.refresh_from_db()
    assert (alert.state, alert.base, alert.waiting_since) == ("waiting", Decimal("150.01"), now + STEP)
    assert fire(alert, now + 2 * STEP)
    assert len(told()) == 2


def test_orders_fire_with_what_became_of_them(
    make: MakeAlert, account: Account, placed: Any, ticket: Any, quote: Any, now: datetime
) -> None:
    make("order_filled", repeat=True)
    make("order_filled", symbol="MSFT")
    make("order_cancelled", symbol="")
    make("order_rejected", symbol="")

    placed("buy 10 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    placed("buy 5 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    trades.cancel_order(account, placed("buy 7 AAPL limit 100").pk, now)
    assert isinstance(trades.place_order(account, ticket("buy 9000 AAPL"), now), Refused)

    assert told() == [
        "Buy 10 AAPL filled at 150.01",
        "Buy 5 AAPL filled at 150.01",
        "Buy 7 AAPL cancelled",
        "Buy 9000 AAPL denied",
    ]
    assert TraderAlert.objects.filter(state="waiting").count() == 1


def test_a_fill_that_is_undone_fires_nothing(make: MakeAlert, placed: Any, quote: Any, now: datetime) -> None:
    make("order_filled")
    placed("buy 10 AAPL")

    with pytest.raises(RuntimeError), transaction.atomic():
        filling.match_symbol("AAPL", quote(), None, now)
        raise RuntimeError("the process dies")

    assert told() == []


def test_a_fault_of_an_alert_undoes_no_fill(
    make: MakeAlert, placed: Any, quote: Any, now: datetime, caplog: Any
) -> None:
    """The row of the settings names a zone that is none, as no form would let in."""
    alert = make("order_filled")
    AlertSettings.objects.create(user=alert.user, way="discord", quiet_from=time(1), quiet_until=time(2))
    type(alert.user).objects.update(time_zone="Nowhere/None")
    order = placed("buy 10 AAPL")

    filling.match_symbol("AAPL", quote(), None, now)

    order.refresh_from_db()
    assert (order.status, told()) == ("filled", [])
    assert caplog.messages == ["an alert of an order could not be told"]


def test_words_say_when_it_crossed_and_when_it_was_told(make: MakeAlert, now: datetime) -> None:
    alert, at = make("price_above", "151"), datetime.fromisoformat("2026-03-02T10:32:00+00:00")

    said = []
    for after, told_at in [
        (None, at + timedelta(seconds=1)),
        (None, at + timedelta(minutes=23)),
        (at - timedelta(minutes=1), at + timedelta(minutes=23)),
        (at - timedelta(days=1), at),
    ]:
        alert.crossed_at, alert.crossed_after, alert.told_at = at, after, told_at
        said.append(words.when(alert))

    assert said == [
        "crossed 10:32:00 UTC",
        "crossed 10:32:00, told 10:55:00 UTC",
        "crossed between 10:31:00 and 10:32:00, told 10:55:00 UTC",
        "crossed between 1 Mar 10:32:00 and 10:32:00, told 10:32:00 UTC",
    ]
    alert.crossed_after = None
    assert words.when(alert, "America/New_York") == "crossed 05:32:00 America/New_York"
