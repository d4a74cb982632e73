"""One process of a race: `python -m tests.trades.race_worker PART …` with DATABASE_URL set. Prints JSON lines.

Every part that races forks its processes, says "ready", waits for a line on stdin, and lets them go at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F, Sum  # noqa: E402

from apps.desk.order import OPEN, TRANSITIONS, IllegalTransition, OrderStatus, OrderType, Side  # noqa: E402
from apps.desk.quote import Quote  # noqa: E402
from apps.live.models import Event  # noqa: E402
from apps.market.models import Instrument, MarketState  # noqa: E402
from apps.market.services import save_quotes  # noqa: E402
from apps.portfolio import services as portfolio  # noqa: E402
from apps.portfolio.models import Account, Position  # noqa: E402
from apps.risk.models import RiskLimits  # noqa: E402
from apps.trades import filling, services  # noqa: E402
from apps.trades.models import Order  # noqa: E402
from apps.trades.ticket import Change, Placed, Ticket  # noqa: E402
from apps.trades.verify import snapshot  # noqa: E402
from tests.trades.broken import broken  # noqa: E402
from tests.trades.forks import Forks  # noqa: E402

THREADS = 8
ENDS = {"order.filled", "order.canceled"}
RACING_SHARES = 10


def quote() -> Quote:
    now = datetime.now(UTC)
    size = Decimal(100_000)
    return Quote("AAPL", Decimal("149.99"), Decimal("150.01"), size, size, Decimal(150), now, now)


def place(side: Side, quantity: int, client_order_id: str, limit: str | None = None) -> dict[str, Any]:
    kind = OrderType.LIMIT if limit else OrderType.MARKET
    price = Decimal(limit) if limit else None
    ticket = Ticket("AAPL", side, kind, Decimal(quantity), client_order_id, price)
    answer = services.place_order(Account.objects.get(), ticket, datetime.now(UTC))
    if isinstance(answer, Placed):
        return {"order": str(answer.order.pk), "created": answer.created}
    return {"errors": answer.errors}


def prepare() -> None:
    Instrument.objects.create(symbol="AAPL", name="Apple")
    MarketState.objects.create(pk=1, is_open=True, session_date=datetime.now(UTC).date())
    save_quotes([quote()])
    portfolio.open_account(get_user_model().objects.create_user("alice"), Decimal(100_000))
    place(Side.BUY, 100, "opening")
    filling.match_symbol("AAPL", quote(), None, datetime.now(UTC))


def race(processes: str, work: Callable[[int], None]) -> None:
    forks = Forks(int(processes), work)
    say({"ready": True})
    sys.stdin.readline()
    forks.go()


def all_at_once(send: Callable[[int], dict[str, Any]], threads: int = THREADS) -> None:
    """Runs `send(number)` in as many threads, all let go together, and prints what each answered."""
    barrier, answers = threading.Barrier(threads), list[dict[str, Any]]()

    def one(number: int) -> None:
        connection.ensure_connection()
        barrier.wait()
        answers.append(send(number))
        connection.close()

    runners = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    for answer in answers:
        say(answer)


def same(processes: str) -> None:
    """Everybody sends the same ticket."""
    race(processes, lambda process: all_at_once(lambda number: place(Side.BUY, 5, "the-same")))


def sell(processes: str) -> None:
    """Everybody sells 10 of the 100 that are held."""
    race(processes, lambda process: all_at_once(lambda number: place(Side.SELL, 10, f"sell-{process}-{number}")))


def limit() -> None:
    """Five orders a minute, and none of those made until now counts."""
    Order.objects.update(created_at=datetime.now(UTC) - timedelta(hours=1))
    RiskLimits.objects.create(orders_per_minute=5)


def hurry(processes: str) -> None:
    """Everybody buys, and together more often than a minute allows."""
    race(
        processes,
        lambda process: all_at_once(lambda number: place(Side.BUY, 1, f"hurry-{process}-{number}", "149.00")),
    )


def end(processes: str, orders: str) -> None:
    """Everybody takes the racing orders in the same turn and does to each what the dice say, until it has ended: a
    part of it is filled, it is changed, it is cancelled. Each process says how often it did."""
    account = Account.objects.get()
    portfolio.fund(account, RACING_SHARES * 150 * Decimal(orders), "racing", "For the racing orders")
    for number in range(int(orders)):
        place(Side.BUY, RACING_SHARES, f"racing-{number}", "149.00")

    def finish(process: int) -> None:
        dice, touched = Random(process), 0
        for order in Order.objects.filter(client_order_id__startswith="racing").order_by("created_at"):
            while Order.objects.filter(pk=order.pk, status__in=OPEN).exists():
                touch(account, order, dice)
                touched += 1
        say({"pid": os.getpid(), "touched": touched})

    race(processes, finish)


def touch(account: Account, order: Order, dice: Random) -> None:
    now, what = datetime.now(UTC), dice.random()
    if what < 0.6:
        filling.match_symbol("AAPL", low(), None, now, {str(order.pk): None})
        return
    try:
        if what < 0.9:
            more = Change(Decimal(dice.randint(RACING_SHARES - 4, RACING_SHARES + 2)), Decimal("149.00"), None)
            services.replace_order(account, order.pk, more, now)
        else:
            services.cancel_order(account, order.pk, now)
    except IllegalTransition:
        return  # somebody else was first


def low() -> Quote:
    """Fills a racing order in parts."""
    now, size = datetime.now(UTC), Decimal(2)
    return Quote("AAPL", Decimal("148.98"), Decimal("149.00"), size, size, Decimal(149), now, now)


def trade(process: str) -> None:
    """Buys and sells, filled at once, until the line on stdin ends."""
    over = threading.Event()
    reader = threading.Thread(target=lambda: (sys.stdin.read(), over.set()))
    say({"ready": True})
    sys.stdin.readline()
    reader.start()
    done = 0
    while not over.is_set():
        for side in (Side.BUY, Side.SELL):
            place(side, 3, f"trade-{process}-{done}-{side}")
            filling.match_symbol("AAPL", quote(), None, datetime.now(UTC))
        done += 1
    reader.join()
    say({"done": done})


def check_within() -> None:
    """Looks at everything in one snapshot, which somebody else's writing must neither wait for nor change."""
    with snapshot():
        seen = Order.objects.count()
        say({"seen": seen})
        sys.stdin.readline()
        say({"seen": Order.objects.count(), "broken": broken()})
    say({"seen": Order.objects.count()})


def lose() -> None:
    """A cent, from an account."""
    Account.objects.update(cash=F("cash") - 1)


def report() -> None:
    account, position = Account.objects.get(), Position.objects.get()
    racing = Order.objects.filter(client_order_id__startswith="racing")
    filled = racing.annotate(booked=Sum("fills__last_qty"))
    told = [of_order(str(pk)) for pk in racing.values_list("pk", flat=True)]
    say(
        {
            "same": Order.objects.filter(client_order_id="the-same").count(),
            "sells": Order.objects.filter(side="sell").count(),
            "held": str(position.quantity),
            "shares_reserved": str(position.reserved),
            "reserved": str(account.reserved),
            "held_by_orders": str(sum((row.reserved for row in Order.objects.filter(side="buy")), Decimal(0))),
            "statuses": sorted(set(racing.values_list("status", flat=True))),
            "racing_ends": [sum(kind in ENDS for kind, *_ in each) for each in told],
            "overfilled": [str(row.pk) for row in filled if not (row.booked or 0) == row.cum_qty <= row.quantity],
            "racing_parts": sum(kind == "order.partially_filled" for each in told for kind, *_ in each),
            "changed_after_a_part": sum(
                kind == "order.replaced" and done != "0" for each in told for kind, _, done in each
            ),
            "illegal": [each for each in told if not is_legal([OrderStatus(status) for _, status, _ in each])],
            "books_agree": broken() == {},
        }
    )


def of_order(order_id: str) -> list[tuple[str, str, str]]:
    """What was told of it, in turn: the kind, its status, how much was filled."""
    events = Event.objects.filter(kind__startswith="order.", facts__order_id=order_id).order_by("seq")
    return [(kind, facts["status"], facts["cum_qty"]) for kind, facts in events.values_list("kind", "facts")]


def is_legal(statuses: list[OrderStatus]) -> bool:
    """A part more, and a change, leave it as it is; nothing follows an end."""
    moves = [(one, two) for one, two in pairwise(statuses) if one != two or one not in OPEN]
    return statuses[0] == OrderStatus.NEW and all(two in TRANSITIONS[one] for one, two in moves)


def say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parts: dict[str, Callable[..., None]] = {
        "prepare": prepare,
        "same": same,
        "sell": sell,
        "limit": limit,
        "hurry": hurry,
        "end": end,
        "trade": trade,
        "check": check_within,
        "lose": lose,
        "report": report,
    }
    parts[sys.argv[1]](*sys.argv[2:])
