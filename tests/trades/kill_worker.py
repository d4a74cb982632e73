"""kill -9 at any moment: `python -m tests.trades.kill_worker KILLS SEED` with DATABASE_URL set. Prints one JSON line.

Django is imported once. For each kill a forked child looks at the legs that the one before it left, trades, and says
of what it did only what was committed; the parent kills it after a while from the dice and sends whatever was not said
again, by the same client order ids.
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
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, connections  # noqa: E402
from django.db.models import Q, Sum  # noqa: E402

from apps.desk.order import OPEN, Side  # noqa: E402
from apps.live.models import Event  # noqa: E402
from apps.portfolio.models import Position  # noqa: E402
from apps.trades.invariants import INVARIANTS  # noqa: E402
from apps.trades.models import Fill, Order  # noqa: E402
from tests.trades.broken import broken  # noqa: E402
from tests.trades.kill_commands import MOST, Command, commands, obey  # noqa: E402

PENDING = 12
AGAIN = 3  # commands that were answered long ago and are sent once more
LONGEST = 0.05  # seconds that a child has before it is killed
OF_LEGS = [
    each
    for each in INVARIANTS
    if each.name in {"closing-orders-hold-shares", "one-cancels-other", "brackets-are-whole"}
]


def legs_left() -> int:
    """How many legs a child that was killed left open; all that must hold of them does."""
    for each in OF_LEGS:
        if wrong := list(each.broken()):
            raise RuntimeError(f"{each.name}: {wrong}")
    return Order.objects.filter(Q(parent__isnull=False) | Q(oco__isnull=False), status__in=OPEN).count()


def child(given: list[Command], tell: int) -> None:
    try:
        os.write(tell, f"ready {legs_left()}\n".encode())
        for command in given:
            obey(command, lambda words: os.write(tell, f"{words}\n".encode()))
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


def run(given: list[Command], after: float | None) -> tuple[list[list[str]], bool]:
    """What a child said, and whether it was killed, `after` so many seconds of work."""
    heard, tell = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(heard)
        child(given, tell)
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


@dataclass
class Said:
    """Every command given, what was said of each, how many children died at work, and how many of these left legs."""

    given: list[Command] = field(default_factory=list)
    placed: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    died: int = 0
    left_legs: int = 0

    def hear(self, words: list[str]) -> None:
        if words[0] == "ready":
            self.left_legs += words[1] != "0"
            return
        kept = self.placed if words[0] == "placed" else self.ended
        if kept.setdefault(words[1], words[2]) != words[2]:
            raise SystemExit(f"{words} was {kept[words[1]]} before")


def trade(kills: int, dice: Random) -> Said:
    said, pending = Said(), list[Command]()
    for number in range(kills + 1):
        while len(pending) < PENDING and number < kills:
            more = commands(dice, len(said.given))
            pending += more
            said.given += more
        again = dice.sample(said.given, min(AGAIN, len(said.given)))
        heard, was_killed = run([*pending, *again], dice.uniform(0, LONGEST) if number < kills else None)
        said.died += was_killed
        for words in heard:
            said.hear(words)
        pending = [command for command in pending if command.name not in said.ended]
    return said


def report(said: Said) -> dict[str, object]:
    given, names = said.given, [command.name for command in said.given]
    orders = {order.client_order_id: order for order in Order.objects.filter(client_order_id__in=names)}
    seconds = list(Order.objects.exclude(after=None).select_related("after"))
    filled = Fill.objects.values_list("order__side").annotate(total=Sum("last_qty"))
    moved = dict(filled)
    told = Counter(
        (kind, *(facts[name] for name in ("order_id", "cum_qty", "quantity", "limit_price")))
        for kind, facts in Event.objects.filter(kind__startswith="order.").values_list("kind", "facts")
    )
    accepted = {order_id for kind, order_id, *_ in told if kind == "order.accepted"}
    return {
        "died": said.died,
        "left_legs": said.left_legs,
        "given": len(given),
        "orders": Order.objects.filter(client_order_id__regex=r"^o\d").count(),
        "not_as_said": [name for name in names if str(orders[name].pk) != said.placed[name]],
        "not_ended_as_said": [
            command.name for command in given if command.said_of(orders[command.name]) != said.ended[command.name]
        ],
        "not_whole": [command.name for command in given if not is_whole(command, orders[command.name])],
        "left_otherwise": [command.name for command in given if not leaves(command, orders[command.name])],
        "seconds_not_as_firsts": [
            order.after.client_order_id
            for order in seconds
            if (order.status, order.cum_qty) != (order.after.status, order.after.cum_qty)
        ],
        "not_two": len(seconds) - sum(command.turns for command in given),
        "held": str(Position.objects.get().quantity),
        "traded": str(moved[Side.BUY] - moved[Side.SELL]),
        "told_twice": [list(each) for each, times in told.items() if times > 1],
        "never_told": [name for name in names if str(orders[name].pk) not in accepted],
        "fills": Fill.objects.count(),
        "fills_told": sum(kind in ("order.filled", "order.partially_filled") for kind, *_ in told),
        "broken": broken(),
    }


def is_whole(command: Command, order: Order) -> bool:
    return command.is_oco or order.cum_qty == (0 if command.cancels else command.quantity)


def leaves(command: Command, order: Order) -> bool:
    """By the one of the two to which the market went: all of it by that, nothing by the other."""
    if command.leaves_by is None:
        return True
    legs = {leg.order_type: (leg.status, leg.cum_qty) for leg in command.linked(order)}
    gone = legs.pop(command.leaves_by, None)
    return gone == ("filled", command.quantity) and list(legs.values()) == [("canceled", 0)]


def main() -> None:
    kills, dice = int(sys.argv[1]), Random(int(sys.argv[2]))
    begun = [Command("first-kept", Side.BUY, Decimal(MOST + 1))]
    begun += [Command(f"first-{side}", side, Decimal(MOST)) for side in Side]
    for command in begun:  # what the first order loads is loaded once
        obey(command, lambda words: None)
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # an idle line would be every child's
    gc.freeze()
    began = time.monotonic()
    found = report(trade(kills, dice))
    sys.stdout.write(json.dumps({**found, "seconds": round(time.monotonic() - began, 1)}) + "\n")


if __name__ == "__main__":
    main()
