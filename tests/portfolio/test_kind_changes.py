"""The past of an account is of the kind that it was then, whatever it is now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio import services, terms
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, AccountKind, KindChange

OPENED = datetime(2026, 3, 2, 14, tzinfo=UTC)
ON_MARGIN, BACK, AGAIN = (OPENED + timedelta(hours=hours) for hours in (1, 2, 3))
SECOND = timedelta(seconds=1)


@pytest.fixture
def account(alice: Any, market: dict[str, Instrument], book: Any) -> Account:
    """10 AAPL from the start; on margin from 15:00 to 16:00 and from 17:00 on."""
    with time_machine.travel(OPENED, tick=False):
        opened = services.open_account(alice, Decimal(10_000))
    book(opened, "buy 10 AAPL @ 9.50 fee 1.00", at=OPENED)
    minutes = [OPENED + timedelta(minutes=each) for each in range(240)]
    flat = dict.fromkeys(("open", "high", "low", "close"), Decimal(10))
    Bar.objects.bulk_create(Bar(instrument=market["AAPL"], start=start, volume=1, **flat) for start in minutes)
    return opened


def change(account: Account, kind: AccountKind, at: datetime, quotes: Any) -> None:
    with time_machine.travel(at, tick=False):
        board.clear()
        quotes("AAPL 9.99/10.01")
        assert terms.set_kind(account, kind)


def margins(account: Account) -> list[Decimal | None]:
    """At each moment that matters, and a second before it."""
    moments = [OPENED, ON_MARGIN - SECOND, ON_MARGIN, BACK - SECOND, BACK, AGAIN - SECOND, AGAIN]
    views = [view_as_of(account, at)[0] for at in moments]
    return [view.margin.initial if view.margin else None for view in views]


def test_a_moment_has_the_kind_of_then_after_every_change(account: Account, quotes: Any) -> None:
    half = Decimal(50)
    assert margins(account) == [None] * 7

    change(account, AccountKind.MARGIN, ON_MARGIN, quotes)
    assert margins(account) == [None, None, half, half, half, half, half]

    change(account, AccountKind.CASH, BACK, quotes)
    assert margins(account) == [None, None, half, half, None, None, None]

    change(account, AccountKind.MARGIN, AGAIN, quotes)
    assert margins(account) == [None, None, half, half, None, None, half]


def test_a_permalink_of_the_margin_shows_the_same_after_it_was_given_up(
    account: Account, quotes: Any, client: Client
) -> None:
    client.force_login(account.user)
    link = "/portfolio/receipts/margin/?at=2026-03-02T15:30:00Z"
    change(account, AccountKind.MARGIN, ON_MARGIN, quotes)
    before = figures(client, link)

    change(account, AccountKind.CASH, BACK, quotes)

    assert "50.00" in before
    assert figures(client, link) == before


def test_buying_power_rests_on_prices_on_margin_and_says_what_of_them_is_old(
    account: Account, quotes: Any, client: Client
) -> None:
    client.force_login(account.user)
    change(account, AccountKind.MARGIN, ON_MARGIN, quotes)
    link = "/portfolio/receipts/buying-power/?at=2026-03-02T"

    cash, fresh, old = (figures(client, f"{link}{at}Z") for at in ("14:30:00", "15:30:00", "19:00:00"))

    assert ("AAPL" in cash, "AAPL" in fresh, "old or missing" in fresh) == (False, True, False)
    assert "1.00% of the equity (100.00 USD) rests on old or missing prices" in old


def figures(client: Client, link: str) -> str:
    """But for the moment up to which another one may be asked for: that is now."""
    made = client.get(link).content.decode().partition("How it was made")[2].partition("</main>")[0]
    return re.sub(r' max="[^"]+"', "", made)


def test_what_changes_nothing_is_no_change(account: Account, quotes: Any) -> None:
    change(account, AccountKind.MARGIN, ON_MARGIN, quotes)
    assert not terms.set_kind(account, AccountKind.MARGIN)

    assert list(KindChange.objects.values_list("was", "kind", "at")) == [("cash", "margin", ON_MARGIN)]


def test_what_is_refused_is_no_change(account: Account, quotes: Any) -> None:
    with time_machine.travel(ON_MARGIN, tick=False):
        quotes("AAPL 9.99/10.01")
        services.withdraw(account, Decimal(9_000), "out", "Out")
        with pytest.raises(terms.NotPossible):
            terms.set_kind(account, AccountKind.MARGIN)

    assert not KindChange.objects.exists()
