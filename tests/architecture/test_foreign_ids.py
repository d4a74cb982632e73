"""Every route that takes an object's id is classified, and another trader's object is not there (404)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.market.models import Instrument
from apps.portfolio.services import open_account
from apps.traderalerts.models import TraderAlert
from apps.trades.models import Order
from apps.watchlist.models import WatchedSymbol, Watchlist

METHODS = ("get", "post", "put", "delete")
NOT_THERE = {404, 405}


def order_of(user: User) -> dict[str, Any]:
    order = Order.objects.create(
        account=open_account(user),
        instrument=instrument(),
        client_order_id=str(uuid.uuid4()),
        side="buy",
        order_type="limit",
        time_in_force="gtc",
        quantity=1,
        limit_price=1,
        status="new",
        created_at=timezone.now(),
        updated_at=timezone.now(),
    )
    return {"order_id": order.pk}


def watchlist_of(user: User) -> dict[str, Any]:
    return {"watchlist_id": Watchlist.objects.create(user=user, name="Own").pk}


def watched_of(user: User) -> dict[str, Any]:
    watchlist = Watchlist.objects.create(user=user, name="Own")
    return {"line_id": WatchedSymbol.objects.create(watchlist=watchlist, instrument=instrument()).pk}


def session_of(user: User) -> dict[str, Any]:
    session = UserSession.objects.create(
        user=user,
        session_key="k" * 32,
        ip="127.0.0.1",
        user_agent="another device",
        last_seen_at=timezone.now(),
    )
    return {"session_id": session.pk}


def alert_of(user: User) -> dict[str, Any]:
    now = timezone.now()
    alert = TraderAlert.objects.create(
        user=user, kind="price_above", instrument=instrument(), threshold=2, base=1, made_at=now, waiting_since=now
    )
    return {"alert_id": alert.pk}


def instrument() -> Instrument:
    return Instrument.objects.get_or_create(symbol="AAPL", defaults={"name": "Apple"})[0]


OWNED: dict[str, Callable[[User], dict[str, Any]]] = {
    "trades:order": order_of,
    "trades:cancel": order_of,
    "trades:replace": order_of,
    "account_end_session": session_of,
    "watchlist:remove": watched_of,
    "watchlist:move": watched_of,
    "watchlist:import": watchlist_of,
    "watchlist:restore": watchlist_of,
    "watchlist:order": watchlist_of,
    "watchlist:rename": watchlist_of,
    "watchlist:delete": watchlist_of,
    "traderalerts:edit": alert_of,
    "traderalerts:delete": alert_of,
    "traderalerts:acknowledge": alert_of,
    "traderalerts:turn": alert_of,
}
PUBLIC = {
    "portfolio:receipt": "a figure has a name; whose it is comes from the signed-in user",
    "home:symbol": "a symbol belongs to nobody",
    "market:bars": "a symbol belongs to nobody",
    "live:poll": "a page's name; its topics come from the signed-in user",
}
STAFF = "admin:"


def routes(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, set[str]]]:
    """Name and parameters of every route below the resolver."""
    for each in resolver.url_patterns:
        below = set(each.pattern.regex.groupindex) | set(each.pattern.converters)
        if isinstance(each, URLPattern):
            yield f"{space}{each.name}", below
        else:
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from ((name, taken | below) for name, taken in routes(each, inner))


def with_parameters() -> dict[str, set[str]]:
    return {name: taken for name, taken in routes(get_resolver()) if taken}


def test_every_route_with_an_id_is_classified() -> None:
    unknown = {name for name in with_parameters() if not name.startswith(STAFF)} - OWNED.keys() - PUBLIC.keys()

    assert unknown == set()


@pytest.mark.parametrize("name", sorted(OWNED))
def test_anothers_object_is_not_there(client: Client, alice: User, bob: User, name: str) -> None:
    address = reverse(name, kwargs=OWNED[name](alice))
    open_account(bob)
    client.force_login(bob)

    answers = {method: getattr(client, method)(address).status_code for method in METHODS}

    assert set(answers.values()) <= NOT_THERE, answers
    assert 404 in answers.values()


@pytest.mark.parametrize("name", sorted(OWNED))
def test_an_object_is_not_shown_to_a_stranger(client: Client, alice: User, name: str) -> None:
    address = reverse(name, kwargs=OWNED[name](alice))

    answers = {method: getattr(client, method)(address).status_code for method in METHODS}

    assert set(answers.values()) <= {302, 401, 403, 404, 405}, answers


@pytest.mark.django_db
def test_the_admin_is_for_staff(client: Client, alice: User) -> None:
    client.force_login(alice)

    lists = [
        reverse(name) for name, taken in routes(get_resolver()) if name.startswith(STAFF) and "changelist" in name
    ]

    assert {client.get(address).status_code for address in lists} == {302}
