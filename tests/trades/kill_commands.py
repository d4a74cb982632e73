"""What a trader who may be killed at any moment does: each command can be obeyed again from wherever it was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from django.db.models import Q, QuerySet

from apps.desk.order import OPEN, IllegalTransition, OrderType, Side, TimeInForce
from apps.desk.quote import Quote
from apps.portfolio.models import Account
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Change, Placed, Refused, Ticket

MOST = 20  # shares of an order; one more are held to begin with, for a buy that turns leaves none
SHOWN = Decimal(7)  # shares at the touch: an order, and an exit, is filled in parts
HIGH, LOW = Decimal("151.00"), Decimal("149.00")  # out of reach of the usual quote
EXITS = (OrderType.LIMIT, OrderType.STOP)


@dataclass(frozen=True)
class Command:
    """Buys or sells. Where it `cancels` its limit is out of reach; where it `changes` too, until quantity and price
    are other ones. With `turns` as much is sold, or bought, again by a second order once the first is filled.

    With `leaves_by` two that cancel each other stand on the shares, and the market goes to that one: a buy has them
    as its exits, a sale is one of them itself. Where that `changes`, the limit comes nearer."""

    name: str
    side: Side
    quantity: Decimal
    cancels: bool = False
    changes: bool = False
    turns: bool = False
    leaves_by: OrderType | None = None

    @property
    def ticket(self) -> Ticket:
        other = Side.SELL if self.side is Side.BUY else Side.BUY
        then = Ticket("AAPL", other, OrderType.MARKET, self.quantity, "") if self.turns else None
        if self.is_oco:
            terms = {"limit_price": HIGH, "oco_stop": LOW, "time_in_force": TimeInForce.GTC}
            return Ticket("AAPL", self.side, OrderType.LIMIT, self.quantity, self.name, **terms)
        if self.leaves_by:
            exits = {"take_profit": HIGH, "stop_loss": LOW}
            return Ticket("AAPL", self.side, OrderType.MARKET, self.quantity, self.name, **exits)
        if not (self.cancels or self.changes):
            return Ticket("AAPL", self.side, OrderType.MARKET, self.quantity, self.name, then=then)
        price = LOW if self.side is Side.BUY else HIGH
        more = self.quantity + 1 if self.changes else self.quantity
        return Ticket("AAPL", self.side, OrderType.LIMIT, more, self.name, limit_price=price, then=then)

    @property
    def is_oco(self) -> bool:
        return self.leaves_by is not None and self.side is Side.SELL

    def linked(self, order: Order) -> QuerySet[Order]:
        """The two that cancel each other."""
        both = Q(oco=order.pk) if self.is_oco else Q(parent=order)
        return Order.objects.filter(both).order_by("order_type") if self.leaves_by else Order.objects.none()

    def said_of(self, order: Order) -> str:
        legs = [f"{leg.order_type}:{leg.status}:{leg.cum_qty:f}" for leg in self.linked(order)]
        return ",".join([order.status, *legs])


def commands(dice: Random, first: int) -> list[Command]:
    """What ends with as many shares as it began with, named from `first` on."""
    quantity = Decimal(dice.randint(1, MOST))
    way = dice.choice(["market", "cancels", "changes", "exits", "oco"])
    name = f"o{first}"
    if way == "exits":
        moves = not dice.randrange(2)
        return [Command(name, Side.BUY, quantity, changes=moves, leaves_by=dice.choice(EXITS))]
    if way == "oco":
        moves, leg = not dice.randrange(2), dice.choice(EXITS)
        sale = Command(f"o{first + 1}", Side.SELL, quantity, changes=moves, leaves_by=leg)
        return [Command(name, Side.BUY, quantity), sale]
    turns = not dice.randrange(3)
    return [
        Command(f"o{first + number}", side, quantity, way == "cancels", way == "changes", turns)
        for number, side in enumerate(Side)
    ]


def quote(mid: Decimal = Decimal(150)) -> Quote:
    now, tick = datetime.now(UTC), Decimal("0.01")
    return Quote("AAPL", mid - tick, mid + tick, SHOWN, SHOWN, mid, now, now)


def obey(command: Command, tell: Callable[[str], object]) -> None:
    """Says that the order is placed, and later how it ended: each only when it was committed."""
    account = Account.objects.get()
    answer = services.place_order(account, command.ticket, datetime.now(UTC))
    if not isinstance(answer, Placed):
        raise RuntimeError(f"{command} was refused: {answer.errors}")
    order = answer.order
    tell(f"placed {command.name} {order.pk}")
    if command.cancels:
        cancel(account, order)
    elif not command.is_oco:
        if command.changes and not command.leaves_by:
            within = Decimal("150.05") if command.side is Side.BUY else Decimal("149.95")
            change(account, order, Change(command.quantity, within, None))
        while Order.objects.filter(pk=order.pk, status__in=OPEN).exists():
            meet([order], quote())
    leave(account, command, order)
    while then := Order.objects.filter(after=order, status__in=OPEN).first():
        meet([then], quote())
    order.refresh_from_db()
    tell(f"ended {command.name} {command.said_of(order)}")


def leave(account: Account, command: Command, order: Order) -> None:
    """The market goes to one of the two that cancel each other, and stays until both have ended."""
    if command.changes and (near := command.linked(order).filter(order_type=OrderType.LIMIT).first()):
        change(account, near, Change(near.quantity, HIGH - Decimal("0.50"), None))
    far = quote(HIGH + 1 if command.leaves_by is OrderType.LIMIT else LOW - 1)
    while both := list(command.linked(order).filter(status__in=OPEN)):
        meet(both, far)


def cancel(account: Account, order: Order) -> None:
    try:
        services.cancel_order(account, order.pk, datetime.now(UTC))
    except IllegalTransition:
        return  # it was before


def change(account: Account, order: Order, to: Change) -> None:
    try:
        if isinstance(answer := services.replace_order(account, order.pk, to, datetime.now(UTC)), Refused):
            raise RuntimeError(f"a change was refused: {answer.errors}")
    except IllegalTransition:
        return  # it has ended since it was changed


def meet(orders: Iterable[Order], at: Quote) -> None:
    among = {str(order.pk): None for order in orders}
    if filling.match_symbol("AAPL", at, None, datetime.now(UTC), among).failed:
        raise RuntimeError("an order could not be matched")
