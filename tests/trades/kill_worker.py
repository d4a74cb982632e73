"""kill -9 at any moment: `python -m tests.trades.kill_worker KILLS SEED` with DATABASE_URL set. Prints one JSON line.

Django is imported once. For each kill a forked child trades, and says of what it did only what was committed; the
parent kills it after a while from the dice and sends whatever was not said again, by the same client order ids.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, connections  # noqa: E402
from django.db.models import Sum  # noqa: E402

from apps.desk.order import OPEN, IllegalTransition, OrderType, Side  # noqa: E402
from apps.desk.quote import Quote  # noqa: E402
from apps.live.models import Event  # noqa: E402
from apps.portfolio.models import Account, Position  # noqa: E402
from apps.trades import filling, services  # noqa: E402
from apps.trades.models import Fill, Order  # noqa: E402
from apps.trades.ticket import Placed, Ticket  # noqa: E402
from tests.trades.broken import broken  # noqa: E402

PENDING = 12
AGAIN = 3  # commands that were answered long ago and are sent once more
LONGEST = 0.05  # seconds that a child has before it is killed
MOST = Decimal(20)  # shares of an order; as many are held to begin with, for a buy that turns leaves none
SHOWN = Decimal(7)  # shares at the touch: an order is filled in parts


@dataclass(frozen=True)
class Command:
    """Buys or sells, and cancels what it placed where `cancels`, for then its limit is out of reach. With `turns` as
    much is sold, or bought, again by a second order once the first is filled."""

    name: str
    side: Side
    quantity: Decimal
    cancels: bool
    turns: bool = False

    @property
    def ticket(self) -> Ticket:
        other = Side.SELL if self.side is Side.BUY else Side.BUY
        then = Ticket("AAPL", other, OrderType.MARKET, self.quantity, "") if self.turns else None
        if not self.cancels:
            return Ticket("AAPL", self.side, OrderType.MARKET, self.quantity, self.name, then=then)
        price = Decimal("149.00") if self.side is Side.BUY else Decimal("151.00")
        return Ticket("AAPL", self.side, OrderType.LIMIT, self.quantity, self.name, limit_price=price, then=then)


def quote() -> Quote:
    now = datetime.now(UTC)
    return Quote("AAPL", Decimal("149.99"), Decimal("150.01"), SHOWN, SHOWN, Decimal(150), now, now)


def obey(command: Command, tell: int) -> None:
    """Says that the order is placed, and later how it ended: each only when it was committed."""
    account = Account.objects.get()
    answer = services.place_order(account, command.ticket, datetime.now(UTC))
    if not isinstance(answer, Placed):
        raise RuntimeError(f"{command} was refused: {answer.errors}")
    os.write(tell, f"placed {command.name} {answer.order.pk}\n".encode())
    while (order := Order.objects.get(pk=answer.order.pk)).status in OPEN:
        if command.cancels:
            try:
                services.cancel_order(account, order.pk, datetime.now(UTC))
            except IllegalTransition:
                continue
        elif filling.match_symbol("AAPL", quote(), None, datetime.now(UTC), {str(order.pk): None}).failed:
            raise RuntimeError("an order could not be matched")
    while then := Order.objects.filter(after=order, status__in=OPEN).first():
        if filling.match_symbol("AAPL", quote(), None, datetime.now(UTC), {str(then.pk): None}).failed:
            raise RuntimeError("a second order could not be matched")
    os.write(tell, f"ended {command.name} {order.status}\n".encode())


def child(commands: list[Command], tell: int) -> None:
    try:
        connection.ensure_connection()
        os.write(tell, b"ready\n")
        for command in commands:
            obey(command, tell)
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


def run(commands: list[Command], after: float | None) -> tuple[list[list[str]], bool]:
    """What a child said, and whether it was killed, `after` so many seconds of work."""
    heard, tell = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(heard)
        child(commands, tell)
    os.close(tell)
    said = b""
    if after is not None:
        said = os.read(heard, 65536)  # it has begun
        deadline = time.monotonic() + after
        while (left := deadline - time.monotonic()) > 0 and select.select([heard], [], [], left)[0]:
            if not (more := os.read(heard, 65536)):
                break
            said += more
        os.kill(pid, signal.SIGKILL)
    while more := os.read(heard, 65536):
        said += more
    os.close(heard)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status):
        raise SystemExit(1)
    return [line.split() for line in said.decode().splitlines()], os.WIFSIGNALED(status)


def trade(kills: int, dice: Random) -> tuple[list[Command], dict[str, str], dict[str, str], int]:
    """Every command given, what was said of each, and how many children died at work."""
    given, placed, ended, died = list[Command](), dict[str, str](), dict[str, str](), 0
    pending = list[Command]()
    for number in range(kills + 1):
        while len(pending) < PENDING and number < kills:
            quantity, cancels = Decimal(dice.randint(1, int(MOST))), not dice.randrange(4)
            turns = not dice.randrange(3)
            for side in Side:  # bought and sold again, so that there is always something to sell
                pending.append(Command(f"o{len(given)}", side, quantity, cancels, turns))
                given.append(pending[-1])
        again = dice.sample(given, min(AGAIN, len(given)))
        said, was_killed = run([*pending, *again], dice.uniform(0, LONGEST) if number < kills else None)
        died += was_killed
        for words in said:
            if words[0] != "ready":
                kept = placed if words[0] == "placed" else ended
                if kept.setdefault(words[1], words[2]) != words[2]:
                    raise SystemExit(f"{words} was {kept[words[1]]} before")
        pending = [command for command in pending if command.name not in ended]
    return given, placed, ended, died


def report(given: list[Command], placed: dict[str, str], ended: dict[str, str], died: int) -> dict[str, object]:
    names = [command.name for command in given]
    orders = {order.client_order_id: order for order in Order.objects.filter(client_order_id__in=names)}
    seconds = list(Order.objects.exclude(after=None).select_related("after"))
    filled = Fill.objects.values_list("order__side").annotate(total=Sum("last_qty"))
    moved = dict(filled)
    told = Counter(
        (kind, facts["order_id"], facts["cum_qty"])
        for kind, facts in Event.objects.filter(kind__startswith="order.").values_list("kind", "facts")
    )
    return {
        "died": died,
        "given": len(given),
        "orders": Order.objects.filter(client_order_id__regex=r"^o\d").count(),
        "not_as_said": [name for name in names if str(orders[name].pk) != placed[name]],
        "not_ended_as_said": [name for name in names if orders[name].status != ended[name]],
        "not_whole": [
            command.name
            for command in given
            if (orders[command.name].cum_qty != (0 if command.cancels else command.quantity))
        ],
        "seconds_not_as_firsts": [
            order.after.client_order_id
            for order in seconds
            if (order.status, order.cum_qty) != (order.after.status, order.after.cum_qty)
        ],
        "not_two": len(seconds) - sum(command.turns for command in given),
        "held": str(Position.objects.get().quantity),
        "traded": str(moved[Side.BUY] - moved[Side.SELL]),
        "told_twice": [list(each) for each, times in told.items() if times > 1],
        "never_told": [name for name in names if ("order.accepted", str(orders[name].pk), "0") not in told],
        "fills": Fill.objects.count(),
        "fills_told": sum(kind in ("order.filled", "order.partially_filled") for kind, *_ in told),
        "broken": broken(),
    }


def main() -> None:
    kills, dice = int(sys.argv[1]), Random(int(sys.argv[2]))
    with open(os.devnull, "wb") as nobody:  # what the first order loads is loaded once
        obey(Command("first-kept", Side.BUY, MOST, cancels=False), nobody.fileno())
        for side in Side:
            obey(Command(f"first-{side}", side, SHOWN, cancels=False), nobody.fileno())
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # an idle line would be every child's
    gc.freeze()
    began = time.monotonic()
    found = report(*trade(kills, dice))
    sys.stdout.write(json.dumps({**found, "seconds": round(time.monotonic() - began, 1)}) + "\n")


if __name__ == "__main__":
    main()
