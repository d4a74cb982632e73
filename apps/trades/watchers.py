"""Who else sees every quote that the desk takes, and hears of orders: apps that stand above this one register here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from apps.desk.quote import Quote

if TYPE_CHECKING:
    from .engine import Desk


class Watcher(Protocol):
    """Goes with one desk's turn."""

    async def begin(self) -> None:
        """Called before the first quote, when the market is open and its missing history is on record."""
        ...

    def take(self, batch: Sequence[Quote]) -> None:
        """Called on the desk's loop with each batch: waits for nothing, and a quote that is no news costs little."""
        ...

    async def run(self) -> None:
        """What goes on beside the quotes until the turn ends."""
        ...


OrderHook = Callable[[int, str, Mapping[str, str]], object]
watchers: list[Callable[[Desk], Watcher]] = []
order_hooks: list[OrderHook] = []


def beside_desk(make: Callable[[Desk], Watcher]) -> None:
    """Registers what makes the watcher of a turn."""
    watchers.append(make)


def on_order(hook: OrderHook) -> None:
    """Called with user, what became of an order and its facts, inside the transaction that tells its owner."""
    order_hooks.append(hook)
