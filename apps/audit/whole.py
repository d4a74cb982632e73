"""An action of the admin is one transaction with its entries in the log. Its forms are so by Django itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest

Action = Callable[..., Any]
plain_get_actions = ModelAdmin.get_actions


def apart(action: Action) -> Action:
    """For an action that waits for others meanwhile, or brings a transaction with its entry for each row."""
    action.apart = True  # type: ignore[attr-defined]
    return action


def get_actions(self: Any, request: HttpRequest) -> dict[str, Any]:
    """In the place of Django's, which leaves it to each action."""
    found: dict[str, Any] = plain_get_actions(self, request)
    return {name: (whole(action), *words) for name, (action, *words) in found.items()}


def whole(action: Action) -> Action:
    return action if getattr(action, "apart", False) else transaction.atomic(action)


def make_every_action_whole() -> None:
    """Once, when the apps are ready: an action that is added later need not think of it."""
    ModelAdmin.get_actions = get_actions  # type: ignore[method-assign]
