"""An order, or what is wrong with one, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import JsonResponse

from .models import Order
from .queries import order_facts


def order_json(order: Order, status: int = 200) -> JsonResponse:
    then = order.follower
    after = order_facts(then, then.fills.order_by("at", "id")) if then else None
    return JsonResponse(order_facts(order, order.fills.order_by("at", "id"), after), status=status)


def errors_json(errors: Mapping[str, str], status: int) -> JsonResponse:
    return JsonResponse({"errors": {name: [words] for name, words in errors.items()}}, status=status)
