"""An order, or what is wrong with one, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import JsonResponse

from apps.desk.risk import Denied

from .models import Order
from .queries import order_facts
from .ticket import Placed, Refused, facts_of


def order_json(order: Order) -> JsonResponse:
    then = order.follower
    after = order_facts(then, then.fills.order_by("at", "id")) if then else None
    return JsonResponse(order_facts(order, order.fills.order_by("at", "id"), after))


def placed_json(placed: Placed) -> JsonResponse:
    """A new order as it was taken, which asks nothing of the database; a retry as the order is now."""
    if not placed.created:
        return order_json(placed.order)
    then = order_facts(placed.then, ()) if placed.then else None
    return JsonResponse(order_facts(placed.order, (), then), status=201)


def refusal_json(refused: Refused) -> JsonResponse:
    return errors_json(refused.errors, 422, refused.denied)


def errors_json(errors: Mapping[str, str], status: int, denied: Denied | None = None) -> JsonResponse:
    """By field, in words; beside them the rule that refused, if it was one, with its numbers."""
    found: dict[str, Any] = {"errors": {name: [words] for name, words in errors.items()}}
    return JsonResponse(found | facts_of(denied) if denied else found, status=status)
