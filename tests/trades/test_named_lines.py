"""R-LOG: whatever is logged while an order is placed, changed, matched or ended names it and its account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from apps.desk.quote import Quote
from apps.portfolio.models import Account
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Change
from apps.trades.watchers import on_order, order_hooks

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Ids = list[tuple[str, str, Any, Any]]


@pytest.fixture
def told() -> Iterator[Ids]:
    """What a line would name while each change is told: the change, the order that it is of, and the bound ids."""
    heard: Ids = []

    def hear(user: int, what: str, facts: Any) -> None:
        ids = get_contextvars()
        heard.append((what, facts.get("order_id", ""), ids.get("order"), ids.get("account")))

    on_order(hear)
    yield heard
    order_hooks.remove(hear)


def test_every_way_to_change_an_order_names_it(
    told: Ids, account: Account, placed: Place, quote: Callable[..., Quote], now: datetime
) -> None:
    placed("buy 10 AAPL")
    changed = placed("buy 10 AAPL limit 140")
    placed("buy 1 AAPL limit 138", tif="gtd", expires_at=now + timedelta(hours=1))
    filling.match_symbol("AAPL", quote(), None, now)
    services.replace_order(account, changed.pk, Change(Decimal(5), Decimal(140), None), now)
    services.cancel_order(account, changed.pk, now)
    services.expire_dated_orders(now + timedelta(hours=2))
    placed("buy 1 AAPL limit 139")
    services.cancel_all(account, "AAPL", now)
    services.close_position(account, "AAPL", "close", now)

    assert [what for what, *_ in told] == [
        *["accepted"] * 3,
        "filled",
        "replaced",
        "canceled",
        "expired",
        "accepted",
        "canceled",
        "accepted",
    ]
    assert [ids for _, order, *ids in told if ids != [order, account.pk]] == []
    assert get_contextvars().keys() & {"order", "account"} == set()


def test_one_that_is_refused_names_the_account(
    told: Ids, account: Account, ticket: Callable[..., Any], now: datetime
) -> None:
    services.place_order(account, ticket("buy 100000 AAPL"), now)

    assert told == [("denied", "", None, account.pk)]
