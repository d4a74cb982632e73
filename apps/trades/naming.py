"""What is logged while something is done for an account, or to an order, names it: lines of any package do."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction

from apps.portfolio.models import Account
from apps.telemetry.logs import bound

from .models import Order

log = logging.getLogger(__name__)
A = TypeVar("A", Account, int, Account | None)
P = ParamSpec("P")
R = TypeVar("R")


def number_of(account: Account | int | None) -> int | None:
    return account.pk if isinstance(account, Account) else account


def for_account(work: Callable[Concatenate[A, P], R]) -> Callable[Concatenate[A, P], R]:
    @wraps(work)
    def named(account: A, /, *args: P.args, **more: P.kwargs) -> R:
        with bound(account=number_of(account)):
            return work(account, *args, **more)

    return named


def to_order(work: Callable[Concatenate[A, uuid.UUID, P], R]) -> Callable[Concatenate[A, uuid.UUID, P], R]:
    """Stands outside of the transaction: what its commit has to say names them too."""

    @wraps(work)
    def named(account: A, order_id: uuid.UUID, /, *args: P.args, **more: P.kwargs) -> R:
        with bound(account=number_of(account), order=str(order_id)):
            return work(account, order_id, *args, **more)

    return named


def log_change(order: Order, what: str) -> None:
    """A line at DEBUG once the running transaction is committed, and never if it is undone."""
    if log.isEnabledFor(logging.DEBUG):
        ids = {"order": str(order.pk), "account": order.account_id}
        transaction.on_commit(partial(log.debug, "an order: %s", what, extra=ids))
