"""R-RISK: limits that traders set themselves: tighter at once, looser a day later or by an admin."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.desk.limits import Halt, Limits
from apps.live.models import Event
from apps.portfolio.models import Account
from apps.portfolio.services import open_account
from apps.risk.models import OwnLimit, RiskLimits
from apps.risk.own import LOOSENS_AFTER, ask, is_looser
from apps.risk.queries import held_now, limits_of
from apps.risk.services import set_own_limits

pytestmark = pytest.mark.django_db
PAGE = "/settings/limits/"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def account(alice: User) -> Account:
    return open_account(alice)


@pytest.fixture
def trader(alice: User, account: Account) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def want(account: Account, now: datetime, **values: int | None) -> None:
    set_own_limits(account, {name: None if value is None else Decimal(value) for name, value in values.items()}, now)


def loss(account: Account, now: datetime) -> Decimal | None:
    return limits_of(account, now).day_loss


def test_what_is_tighter_holds_at_once(account: Account) -> None:
    want(account, NOON, day_loss=500)
    first = loss(account, NOON)
    want(account, NOON, day_loss=300)

    assert (first, loss(account, NOON)) == (500, 300)


@pytest.mark.parametrize("looser", [800, None])
def test_what_is_looser_holds_a_day_later(account: Account, looser: int | None) -> None:
    want(account, NOON, day_loss=500)
    want(account, NOON + HOUR, day_loss=looser)
    holds_from = NOON + HOUR + LOOSENS_AFTER

    assert loss(account, holds_from - timedelta(microseconds=1)) == 500
    assert loss(account, holds_from) == looser


def test_who_asks_again_waits_no_longer(account: Account) -> None:
    want(account, NOON, day_loss=500, position_qty=10)
    want(account, NOON, day_loss=800, position_qty=10)
    want(account, NOON + 23 * HOUR, day_loss=800, position_qty=5)

    assert loss(account, NOON + LOOSENS_AFTER) == 800
    assert limits_of(account, NOON + 23 * HOUR).position_qty == 5


def test_another_wish_begins_anew_and_a_tighter_one_ends_the_wait(account: Account) -> None:
    want(account, NOON, day_loss=500)
    want(account, NOON, day_loss=800)
    want(account, NOON + HOUR, day_loss=900)
    one_day = loss(account, NOON + LOOSENS_AFTER)
    want(account, NOON + 2 * HOUR, day_loss=400)

    assert one_day == 500
    assert loss(account, NOON + 9 * LOOSENS_AFTER) == 400


def test_what_has_waited_long_enough_is_what_the_next_wish_is_held_against(account: Account) -> None:
    want(account, NOON, day_loss=500)
    want(account, NOON, day_loss=800)
    want(account, NOON + LOOSENS_AFTER, day_loss=600)

    assert loss(account, NOON + LOOSENS_AFTER) == 600


values = st.none() | st.integers(0, 5).map(Decimal)


@given(st.lists(st.tuples(values, st.integers(0, 30)), min_size=1, max_size=8))
def test_nobody_is_looser_than_a_day_ago(wishes: list[tuple[Decimal | None, int]]) -> None:
    """Whatever is asked for, in whatever rhythm: what holds now is no looser than something wished for a day."""
    row, now, history = OwnLimit(name="day_loss"), NOON, [(NOON - 2 * LOOSENS_AFTER, None)]
    for value, hours in wishes:
        now += hours * HOUR
        ask(row, value, now)
        history.append((now, value))
        kept = [wish for at, wish in history if at <= now - LOOSENS_AFTER][-1:]
        kept += [wish for at, wish in history if at > now - LOOSENS_AFTER]
        tightest_of_a_day = min((wish for wish in kept if wish is not None), default=None)
        assert not is_looser(held_now(row, now), tightest_of_a_day)


def test_the_tighter_of_admin_and_trader_counts(account: Account) -> None:
    RiskLimits.objects.create(day_loss=300, position_qty=10)
    want(account, NOON, day_loss=500, position_qty=5)

    limits = limits_of(account, NOON)

    assert (limits.day_loss, limits.position_qty) == (300, 5)


def test_a_trader_stops_the_own_trading_and_is_bound_by_it_for_a_day(trader: Client, account: Account) -> None:
    with time_machine.travel(NOON, tick=False):
        trader.post(PAGE, {"stopped": "on"})
    stopped = limits_of(account, NOON).halt
    with time_machine.travel(NOON + HOUR, tick=False):
        answer = trader.post(PAGE, {}, follow=True)

    assert stopped == Halt("by you", "lift it under Settings, Risk limits; it ends 24 hours later")
    assert "No new orders loosens on Tue 03 Mar, 13:00 UTC" in answer.content.decode()
    assert limits_of(account, NOON + 2 * HOUR).halt == Halt("by you", "until Tue 03 Mar 13:00 UTC")
    assert limits_of(account, NOON + HOUR + LOOSENS_AFTER) == Limits()


def test_the_page_shows_what_holds_what_waits_and_what_admins_have_set(trader: Client, account: Account) -> None:
    RiskLimits.objects.create(position_usd=Decimal(20_000))
    with time_machine.travel(NOON, tick=False):
        trader.post(PAGE, {"day_loss": "500", "orders_per_minute": "10"})
        trader.post(PAGE, {"day_loss": "800", "orders_per_minute": "10"})
        page = html.unescape(trader.get(PAGE).content.decode())

    assert 'name="day_loss" value="800"' in page
    assert "500 holds until" in page and "then 800" in page
    assert "The desk's: 20000." in page
    assert 'name="orders_per_minute" value="10"' in page


BAD = [
    ("day_loss", "-1", "greater than or equal to 0"),
    ("day_loss", "NaN", "Enter a number"),
    ("day_loss", "1e400", "less than or equal to 1000000000000"),
    ("position_qty", "ten", "Enter a number"),
    ("orders_per_minute", "1.5", "no more than 0 decimal places"),
    ("drawdown_pct", "101", "less than or equal to 100"),
]


@pytest.mark.parametrize(("field", "text", "words"), BAD)
def test_a_bad_limit_is_named_and_nothing_is_saved(trader: Client, field: str, text: str, words: str) -> None:
    answer = trader.post(PAGE, {"exposure_usd": "5000", field: text})

    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert words in page
    assert f'name="{field}" value="{text}"' in page and 'name="exposure_usd" value="5000"' in page
    assert not OwnLimit.objects.exists()


def test_each_change_is_an_event_with_its_numbers(account: Account) -> None:
    want(account, NOON, day_loss=500)
    want(account, NOON, day_loss=None)

    facts = [event.facts for event in Event.objects.filter(kind="risk.own_limits").order_by("seq")]

    assert facts == [{"day_loss": "500"}, {"day_loss": "500, from 2026-03-03T12:00:00+00:00 on none"}]


def test_an_admin_spares_the_wait_and_it_is_kept(account: Account) -> None:
    now = datetime.now(UTC)
    want(account, now, day_loss=500, position_qty=5)
    want(account, now, day_loss=None, position_qty=5)
    office = Client()
    office.force_login(User.objects.create_superuser("root"))
    chosen: dict[str, Any] = {"action": "loosen_now", "_selected_action": [row.pk for row in OwnLimit.objects.all()]}

    answer = office.post("/admin/risk/ownlimit/", chosen, follow=True)

    assert "1 limit loosened." in answer.content.decode()
    assert (loss(account, now), limits_of(account, now).position_qty) == (None, 5)
    told = LogEntry.objects.get().get_change_message()
    assert re.fullmatch(r"Loosened now: 500, from \S+ on none → none", told)


def test_admins_cannot_edit_what_traders_have_set(account: Account) -> None:
    want(account, NOON, day_loss=500)
    row, office = OwnLimit.objects.get(), Client()
    office.force_login(User.objects.create_superuser("root"))

    assert office.get("/admin/risk/ownlimit/add/").status_code == 403
    assert office.post(f"/admin/risk/ownlimit/{row.pk}/change/", {"value": "9"}).status_code == 403
    assert office.post(f"/admin/risk/ownlimit/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_has_no_account_or_is_not_signed_in_sets_none(charlie: User) -> None:
    client = Client()
    away = client.get(PAGE)
    client.force_login(charlie)

    assert away.status_code == 302
    assert "An admin can open one for you" in client.post(PAGE, {"day_loss": "1"}).content.decode()
    assert not OwnLimit.objects.exists()
