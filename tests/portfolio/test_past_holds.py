"""What orders held back at a moment of the past, and the buying power that it left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.portfolio import services
from apps.portfolio.held import held_back
from apps.portfolio.models import Account, HoldChange

OPENED = datetime(2026, 3, 2, 14, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


@pytest.fixture
def account(alice: Any, market: Any) -> Account:
    with time_machine.travel(OPENED, tick=False):
        return services.open_account(alice, Decimal(10_000))


def hold(account: Account, usd: int, seconds: float) -> None:
    if usd > 0:
        services.hold_cash(account, Decimal(usd), after(seconds))
    else:
        services.release_cash(account, Decimal(-usd), after(seconds))


def held(account: Account, *seconds: float) -> list[Decimal | None]:
    return [held_back(account.pk, after(each)) for each in seconds]


def test_a_moment_has_what_was_held_back_then(account: Account) -> None:
    assert held(account, 0, 99) == [0, 0]

    hold(account, 300, 10)
    hold(account, 200, 20)
    hold(account, -300, 30)

    assert held(account, 0, 9.9, 10, 19.9, 20, 29.9, 30, 10**6) == [0, 0, 300, 300, 500, 500, 200, 200]


def test_who_came_earlier_and_waited_counts_as_of_when_it_came(account: Account) -> None:
    hold(account, 300, 10)
    hold(account, 200, 20)
    hold(account, 50, 19)
    hold(account, -200, 18)
    hold(account, 7, 30)

    assert held(account, 10, 18, 19, 20, 30) == [300, 100, 150, 350, 357]


def test_what_another_release_held_back_is_not_known_and_what_follows_is(account: Account) -> None:
    hold(account, 300, 10)
    Account.objects.update(reserved=500)
    assert held(account, 9, 10, 99) == [0, None, None]

    hold(account, 100, 20)

    assert held(account, 9, 10, 19, 20, 99) == [0, None, None, 600, 600]


def test_nothing_is_known_of_before_it_was_kept(account: Account) -> None:
    HoldChange.objects.all().delete()
    assert held(account, 10) == [None]

    hold(account, 300, 20)

    assert held(account, 10, 19.9, 20) == [None, None, 300]


def test_each_has_its_own(account: Account, bob_account: Account) -> None:
    hold(account, 300, 10)
    services.hold_cash(bob_account, Decimal(20), after(11))

    assert held(account, 12) == [300]


def test_the_receipt_gives_what_is_known_and_says_what_is_not(account: Account, client: Client) -> None:
    client.force_login(account.user)
    hold(account, 300, 10)
    link = "/portfolio/receipts/buying-power/?at=2026-03-02T14:00:12Z"

    known = unescape(client.get(link).content.decode()).partition("How it was made")[2]
    HoldChange.objects.all().delete()
    unknown = unescape(client.get(link).content.decode()).partition("How it was made")[2]

    assert all(words in known for words in ("10,000.00", "−300.00", "9,700.00"))
    assert all(words in unknown for words in ("10,000.00", "not kept of that moment", "half a total is a wrong one"))
    assert "9,700.00" not in unknown
