"""How the tests speak HTTP: the headers of the three kinds of askers, and a good order's fields."""

from __future__ import annotations

from typing import Any

from django.test import Client

JSON = {"accept": "application/json"}
HTMX = {"hx-request": "true"}
FIELDS = {
    "symbol": "AAPL",
    "side": "buy",
    "order_type": "limit",
    "quantity": "10",
    "limit_price": "149.50",
    "time_in_force": "day",
    "client_order_id": "one",
}


def sign_in(user: Any, **named: Any) -> Client:
    client = Client(**named)
    client.force_login(user)
    return client
