"""Commands from dice, at a clock of their own: `python -m tests.trades.replay_worker COUNT SEED` with DATABASE_URL
of a migrated database.

Prints how often each command was taken or refused, and the hash of the state that it led to.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import time_machine  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402

from apps.desk.order import LIMITS, STOPS, Effect, IllegalTransition, OrderStatus, OrderType, Side, TimeInForce  # noqa: E402
from apps.desk.quote import Quote  # noqa: E402
from apps.market.models import Instrument, MarketState  # noqa: E402
from apps.market.quotes import board  # noqa: E402
from apps.portfolio.models import Account, AccountKind  # noqa: E402
from apps.portfolio.services import NotAvailable, deposit, open_account, withdraw  # noqa: E402
from apps.portfolio.terms import set_kind  # noqa: E402
from apps.trades import filling, services  # noqa: E402
from apps.trades.models import Order  # noqa: E402
from apps.trades.state_hash import state_hash  # noqa: E402
from apps.trades.ticket import Change, Placed, Refused, Ticket  # noqa: E402
from tests.trades.broken import broken  # noqa: E402

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
LOTS = {"AAPL": Decimal(1), "FRAC": Decimal("0.001")}
WAYS = ["plain", "plain", "plain", "exits", "exits", "oco", "then"]
KINDS = ["quote"] * 9 + ["place"] * 8 + ["replace", "replace", "cancel", "cancel", "fund", "expire", "close"]


class Session:
    """Two traders, and one on margin, at two instruments; everything that happens follows from the dice."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.now, self.mids = dice, START, dict.fromkeys(LOTS, Decimal(100))
        for symbol, lot in LOTS.items():
            Instrument.objects.create(symbol=symbol, name=symbol, lot_size=lot)
        MarketState.objects.create(pk=1, is_open=True, session_date=START.date())
        users = [get_user_model().objects.create_user(name) for name in ("ann", "ben", "meg")]
        self.accounts = [open_account(user, Decimal(20_000)) for user in users]
        set_kind(self.accounts[-1], AccountKind.MARGIN)
        self.orders: list[Order] = []
        for symbol in LOTS:
            self.quote(symbol)

    def act(self, number: int, clock: time_machine.Traveller) -> str:
        self.now += timedelta(milliseconds=self.dice.randrange(1, 900))
        clock.move_to(self.now)
        kind, symbol = self.dice.choice(KINDS), self.dice.choice(sorted(LOTS))
        account = Account.objects.get(pk=self.dice.choice(self.accounts).pk)
        match kind:
            case "quote":
                return self.quote(symbol)
            case "place":
                return self.place(account, symbol, number)
            case "fund":
                return self.fund(account, number)
            case "expire":
                return f"expired {services.expire_dated_orders(self.now) > 0}"
            case "close":
                return self.answered(services.close_position(account, symbol, f"close-{number}", self.now))
        return self.change(kind) if self.orders else "nothing"

    def quote(self, symbol: str) -> str:
        mid = self.mids[symbol] = max(self.mids[symbol] + self.cents(60), Decimal(20))
        shown = self.dice.randrange(60) * LOTS[symbol]
        quote = Quote(symbol, mid - Decimal("0.01"), mid + Decimal("0.01"), shown, shown, mid, self.now, self.now)
        board.put(quote)
        outcome = filling.match_symbol(symbol, quote, None, self.now)
        return f"quote {len(outcome.moved) > 0} {len(outcome.failed)}"

    def place(self, account: Account, symbol: str, number: int) -> str:
        way, side, size = self.dice.choice(WAYS), self.dice.choice(list(Side)), self.dice.randint(1, 60) * LOTS[symbol]
        kind, price = self.dice.choice(list(OrderType)), self.mids[symbol] + self.cents(80)
        tif = self.dice.choice([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])
        then = None
        if way == "oco":
            kind, side, tif, price = OrderType.LIMIT, Side.SELL, TimeInForce.GTC, self.mids[symbol] + 1
        if way == "then" and not Order.objects.filter(status=OrderStatus.HELD, parent=None).exists():
            # one at a time: two that begin at one quote have the same place in the queue, where their ids decide
            then = Ticket(symbol, self.dice.choice(list(Side)), OrderType.MARKET, size, "")
        ticket = Ticket(
            symbol,
            side,
            kind,
            size,
            f"order-{number}",
            limit_price=price if kind in LIMITS else None,
            stop_price=price if kind in STOPS and kind is not OrderType.TRAILING_STOP else None,
            trail_amount=Decimal("0.50") if kind is OrderType.TRAILING_STOP else None,
            time_in_force=tif,
            take_profit=price + (1 if side is Side.BUY else -1) if way == "exits" else None,
            stop_loss=price - (1 if side is Side.BUY else -1) if way == "exits" else None,
            oco_stop=price - 2 if way == "oco" else None,
            then=then,
        )
        answer = services.place_order(account, ticket, self.now)
        if isinstance(answer, Placed):
            self.orders.append(answer.order)
        return f"{self.answered(answer)} {way if way != 'then' or then else 'plain'}"

    def change(self, kind: str) -> str:
        order = self.dice.choice(self.orders[-12:])
        try:
            if kind == "cancel":
                services.cancel_order(order.account, order.pk, self.now)
                return "cancel"
            change = Change(order.quantity + 1, order.limit_price, order.stop_price)
            return self.answered(services.replace_order(order.account, order.pk, change, self.now))
        except IllegalTransition:
            return f"{kind} too late"

    def fund(self, account: Account, number: int) -> str:
        amount = Decimal(self.dice.randint(1, 300_000)).scaleb(-2)
        if self.dice.randrange(2):
            deposit(account, amount, f"deposit-{number}", "Cash in")
            return "deposit"
        try:
            withdraw(account, amount, f"withdrawal-{number}", "Cash out")
        except NotAvailable:
            return "withdrawal refused"
        return "withdrawal"

    def answered(self, answer: object) -> str:
        return "refused" if isinstance(answer, Refused) else "taken"

    def cents(self, most: int) -> Decimal:
        return Decimal(self.dice.randint(-most, most)).scaleb(-2)


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    with time_machine.travel(START, tick=False) as clock:
        session = Session(Random(seed))
        happened = Counter(session.act(number, clock) for number in range(count))
    filled = Order.objects.filter(cum_qty__gt=0)
    traded = {
        "short": filled.filter(side=Side.SELL, effect=Effect.OPEN),
        "exit": filled.exclude(parent=None),
        "oco": filled.exclude(oco=None),
        "second": filled.exclude(after=None),
    }
    counts = {name: rows.count() for name, rows in traded.items()}
    facts = {"hash": state_hash(), "traded": counts, "happened": dict(sorted(happened.items())), "broken": broken()}
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
