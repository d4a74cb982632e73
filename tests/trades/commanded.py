"""The whole desk, database and all, obeying the commands of tests/desk/commands.py and telling its state in the words
of tests/desk/pure_state.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Sum

from apps.desk.ledger import BOOKS
from apps.desk.matching import Displayed
from apps.desk.money import ZERO, plain
from apps.desk.order import IllegalTransition, Side
from apps.desk.position import CostMethod
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind, LedgerEntry, Position
from apps.portfolio.queries import desk_position, load_holdings, portfolio_value
from apps.trades import filling, services
from apps.trades.models import Fill, Order, desk_order
from apps.trades.ticket import Change, Placed, Ticket
from tests.desk.build import NOON
from tests.desk.pure import LOTS, STALE_MS, TRADERS
from tests.desk.pure_state import State, figures, lot_facts, order_facts, quote_facts, seconds
from tests.desk.pure_words import Command, moment, order_of, quote_of

OF_THE_DESK = {"place", "quote", "replace", "cancel", "look", "expire", "close", "method", "exit"}


def spaced(said: list[Command]) -> list[Command]:
    """Those that it has words for, each in a second of its own: which of two of a moment is first, ids decide, and
    here they are from dice. Quotes are as old as they look, for an older one than that which is known is none."""
    kept = [each for each in said if each["do"] in OF_THE_DESK]
    return [each | {"at": each["at"] + number} | later(each, number) for number, each in enumerate(kept)]


def later(said: Command, number: int) -> Command:
    match said["do"]:
        case "place":
            return {"till": said["till"] + number, "extended": False}
        case "quote":
            return {"age": 0}
    return {}


class CommandedDesk:
    def __init__(self, kind: str) -> None:
        board.clear()
        for symbol, lot in LOTS.items():
            Instrument.objects.create(symbol=symbol, name=symbol, lot_size=lot)
        MarketState.objects.create(pk=1, is_open=True, session_date=NOON.date())
        self.accounts = {name: opened(name, amount, kind) for name, amount in TRADERS[kind].items()}
        self.orders: dict[str, Order] = {}
        self.quotes: dict[str, Quote] = {}
        self.left: dict[str, Displayed] = {}

    def apply(self, said: Command) -> bool:
        now = moment(said["at"])
        match said["do"]:
            case "place":
                return self.place(said, now)
            case "exit":
                return self.exit(said, now)
            case "cancel" | "replace" if said["order"] not in self.orders:
                return False
            case "cancel":
                return self.cancel(self.orders[said["order"]], now)
            case "replace":
                return self.change(self.orders[said["order"]], said, now)
            case "quote":
                quote = self.quotes[said["symbol"]] = quote_of(said)
                self.left[quote.symbol] = Displayed(quote.bid_size, quote.ask_size)
                board.put(quote)
                return self.meet(quote, now)
            case "look":
                return said["symbol"] in self.quotes and self.meet(self.quotes[said["symbol"]], now)
            case "expire":
                return services.expire_dated_orders(now) > 0
            case "close":
                return services.expire_day_orders(NOON.date(), now) > 0
            case "method":
                return terms.set_cost_method(self.accounts[said["trader"]], CostMethod(said["method"]))
        raise ValueError(f"{said['do']!r} is no command here")

    def place(self, said: Command, now: datetime) -> bool:
        asked = order_of(said, None)
        ticket = Ticket(
            asked.symbol,
            asked.side,
            asked.order_type,
            asked.quantity,
            asked.order_id,
            asked.limit_price,
            asked.stop_price,
            asked.time_in_force,
            asked.trail_amount,
            asked.trail_percent,
            asked.expires_at,
        )
        answer = services.place_order(self.accounts[said["trader"]], ticket, now)
        if isinstance(answer, Placed):
            self.orders[said["order"]] = answer.order
        return isinstance(answer, Placed)

    def exit(self, said: Command, now: datetime) -> bool:
        account = self.accounts[said["trader"]]
        answer = services.close_position(account, said["symbol"], said["order"], now)
        if isinstance(answer, Placed):
            self.orders[said["order"]] = answer.order
        return isinstance(answer, Placed)

    def cancel(self, order: Order, now: datetime) -> bool:
        try:
            services.cancel_order(order.account, order.pk, now)
        except IllegalTransition:
            return False
        return True

    def change(self, order: Order, said: Command, now: datetime) -> bool:
        limit = None if order.limit_price is None else Decimal(said["limit"])
        stop = None if order.stop_price is None else Decimal(said["stop"])
        try:
            answer = services.replace_order(
                order.account, order.pk, Change(Decimal(said["quantity"]), limit, stop), now
            )
        except IllegalTransition:
            return False
        return isinstance(answer, Order)

    def meet(self, quote: Quote, now: datetime) -> bool:
        """Trailing stops follow first, as the engine has them do."""
        if not quote.is_stale(now, STALE_MS):
            for row in Order.objects.filter(instrument__symbol=quote.symbol, order_type="trailing_stop"):
                services.trail(row.pk, quote.ask if row.side == Side.BUY else quote.bid)
        outcome = filling.match_symbol(quote.symbol, quote, self.left[quote.symbol], now)
        assert outcome.failed == {}
        self.left[quote.symbol] = outcome.left
        return bool(outcome.moved)

    def state(self) -> State:
        names = {str(row.pk): key for key, row in self.orders.items()}
        rows = {str(row.pk): row for row in Order.objects.select_related("instrument", "account__user")}
        denied = Event.objects.filter(kind="order.denied").order_by("pk").values_list("facts", flat=True)
        return {
            "orders": {key: facts_of(rows[pk]) for pk, key in names.items()},
            "fills": [fill_of(row, names) for row in Fill.objects.order_by("pk").select_related("order__instrument")],
            "denied": [f"{facts['client_order_id']} {facts['rule']}" for facts in denied],
            "accounts": {trader: account_of(account.pk, names) for trader, account in self.accounts.items()},
            "quotes": {symbol: quote_facts(quote, self.left[symbol]) for symbol, quote in self.quotes.items()},
        }


def opened(name: str, amount: Decimal, kind: str) -> Account:
    account = portfolio.open_account(get_user_model().objects.create_user(name), amount)
    if kind == "margin":
        terms.set_kind(account, AccountKind.MARGIN)
    return account


def facts_of(row: Order) -> State:
    return {**order_facts(desk_order(row)), "trader": row.account.user.username, "reserved": plain(row.reserved)}


def fill_of(row: Fill, names: dict[str, str]) -> dict[str, Any]:
    order = str(row.order_id)
    return {
        "id": row.exec_id.replace(order, names[order]),
        "order": names[order],
        "symbol": row.order.instrument.symbol,
        "side": row.order.side,
        "qty": plain(row.last_qty),
        "px": plain(row.last_px),
        "fee": plain(row.commission),
        "liquidity": row.liquidity,
        "at": seconds(row.at),
    }


def account_of(account_id: int, names: dict[str, str]) -> State:
    held = {
        row.instrument.symbol: row for row in Position.objects.filter(account=account_id).select_related("instrument")
    }
    lots = {symbol: desk_position(held[symbol]).lots if symbol in held else () for symbol in LOTS}
    lines = LedgerEntry.objects.filter(journal__account=account_id).values_list("book").annotate(Sum("amount"))
    ledger = dict.fromkeys(BOOKS, ZERO) | dict(lines)
    margin = portfolio_value(load_holdings(account_id), board).margin
    return {
        "method": Account.objects.get(pk=account_id).cost_method,
        "lots": {
            symbol: [lot_facts(replace(lot, exec_id=renamed(lot.exec_id, names))) for lot in own]
            for symbol, own in lots.items()
        },
        "realized": {symbol: plain(held[symbol].realized_pnl if symbol in held else ZERO) for symbol in LOTS},
        "ledger": {book: plain(amount) for book, amount in ledger.items()},
        "margin": figures(margin),
    }


def renamed(exec_id: str, names: dict[str, str]) -> str:
    order, _, filled = exec_id.partition(":")
    return f"{names[order]}:{filled}"
