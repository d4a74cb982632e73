"""An order, or what is wrong with one, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import JsonResponse

from .models import Order
from .queries import order_facts
from .ticket import Placed


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


def errors_json(errors: Mapping[str, str], status: int) -> JsonResponse:
    return JsonResponse({"errors": {name: [words] for name, words in errors.items()}}, status=status)
