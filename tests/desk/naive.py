"""The desk again, as slow and as obvious as can be: an oracle that shares no line with apps/desk.

Numbers are fractions, which are exact; every order is looked at for every quote; a trailing stop remembers every price
it has seen; what is affordable is found by trying. It takes the commands of tests/desk/pure.py and tells its state in
the words of tests/desk/pure_state.py.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .naive_books import NaiveBooks
from .naive_fees import FEES
from .naive_market import WHOLE, dearest, elect, share_out
from .naive_order import NaiveOrder, end, facts_of, rounded, text, texts, total
from .naive_rules import STALE_AFTER, refusal, unpriced

PAID_IN = {"cash": {"ann": 150, "ben": 9_000}, "margin": {"ann": 2_000, "ben": 2_500}}  # USD


class NaiveDesk:
    def __init__(self, fees: str, kind: str = "cash") -> None:
        self.fee = FEES[fees]
        self.orders: dict[str, NaiveOrder] = {}
        self.fills: list[dict[str, Any]] = []
        self.denied: list[str] = []
        self.quotes: dict[str, dict[str, Any]] = {}
        self.is_extended = False
        self.books = {trader: NaiveBooks(paid, on_margin=kind == "margin") for trader, paid in PAID_IN[kind].items()}

    def apply(self, command: dict[str, Any]) -> bool:
        return bool(getattr(self, command["do"])(command))

    # Orders

    def place(self, said: dict[str, Any]) -> bool:
        kind = said["type"]
        order = NaiveOrder(
            key=said["order"],
            trader=said["trader"],
            symbol=said["symbol"],
            side=said["side"],
            type=kind,
            tif=said["tif"],
            quantity=Fraction(said["quantity"]),
            placed_at=said["at"],
            limit=Fraction(said["limit"]) if kind in ("limit", "stop_limit") else None,
            stop=Fraction(said["stop"]) if kind in ("stop", "stop_limit") else None,
            trail=said["trail"] if kind == "trailing_stop" else None,
            till=said["till"] if said["tif"] == "gtd" else None,
            effect=self.effect_of(said),
            extended=said.get("extended", False),
        )
        quote = self.quotes.get(order.symbol)
        if quote and order.trail:
            order.seen.append(quote["ask"] if order.side == "buy" else quote["bid"])
        if not self.may_work(order, said["at"]):
            return False
        order.reserved = self.needs(order)
        self.orders[order.key] = order
        return True

    def exit(self, said: dict[str, Any]) -> bool:
        """All that is held is sold at the market, or all that is owed bought; what waits to do that is cancelled."""
        held = self.books[said["trader"]].shares[said["symbol"]]
        if held == 0:
            return False
        rule = unpriced(self.quotes.get(said["symbol"]), said["at"])
        if rule:
            self.denied.append(f"{said['order']} {rule}")
            return False
        side = "sell" if held > 0 else "buy"
        self.end_all([each for each in self.of(said["trader"], said["symbol"]) if each.side == side], "canceled")
        return self.place({**said, "side": side, "type": "market", "tif": "day", "quantity": abs(held)})

    def effect_of(self, said: dict[str, Any]) -> str:
        """A sell closes what is held and opens short where nothing is, on margin alone; a buy covers what is owed and
        opens long where nothing is."""
        books, sells = self.books[said["trader"]], said["side"] == "sell"
        held = books.shares[said["symbol"]]
        if not books.on_margin:
            return "close" if sells else "open"
        return "close" if (sells and held > 0) or (not sells and held < 0) else "open"

    def may_work(self, order: NaiveOrder, now: int) -> bool:
        rule = refusal(self, order, now)
        if rule:
            self.denied.append(f"{order.key} {rule}")
        return not rule

    def of(self, trader: str, symbol: str) -> list[NaiveOrder]:
        return [each for each in self.orders.values() if (each.trader, each.symbol) == (trader, symbol)]

    def needs(self, order: NaiveOrder) -> Fraction:
        """What it holds back: the shares it closes, or the most that it may come to; on margin half of that. The fee
        comes on top."""
        if not order.opens:
            return order.rest
        price = dearest(order, self.quotes[order.symbol])
        most = rounded(order.rest * price, 2)
        if self.books[order.trader].on_margin:
            most = rounded(most / 2, 2)
        return most + self.fee(order.rest, price)

    def held_back(self, trader: str, besides: NaiveOrder | None = None) -> Fraction:
        """USD, by working orders."""
        works = [each for each in self.orders.values() if each.works and each.opens and each is not besides]
        return total(each.reserved for each in works if each.trader == trader)

    def free(self, trader: str, besides: NaiveOrder | None = None) -> Fraction | None:
        """What may be opened with; on margin not known while a price is missing."""
        books, held_back = self.books[trader], self.held_back(trader, besides)
        if not books.on_margin:
            return books.cash - held_back
        margin = books.margin(self.quotes, held_back)
        return None if margin is None else margin["excess"]

    def cancel(self, said: dict[str, Any]) -> bool:
        return self.end_all([each for each in self.orders.values() if each.key == said["order"]], "canceled")

    def replace(self, said: dict[str, Any]) -> bool:
        order = self.orders.get(said["order"])
        if order is None or not order.works:
            return False
        before = order.quantity, order.limit, order.stop, order.reserved
        order.quantity = Fraction(said["quantity"])
        if order.limit is not None:
            order.limit = Fraction(said["limit"])
        if order.stop is not None:
            order.stop = Fraction(said["stop"])
        too_late = order.quantity <= order.cum or (order.elected and order.stop != before[2])
        if not too_late and (order.quantity, order.limit, order.stop) == before[:3]:
            return True
        if too_late or not self.may_work(order, said["at"]):
            order.quantity, order.limit, order.stop, order.reserved = before
            return False
        order.reserved = self.needs(order)
        if order.quantity > before[0] or order.limit != before[1] or order.stop != before[2]:
            order.placed_at = said["at"]
        return True

    def expire(self, said: dict[str, Any]) -> bool:
        return self.end_all(
            [each for each in self.orders.values() if each.till and each.till <= said["at"]], "expired"
        )

    def hours(self, said: dict[str, Any]) -> bool:
        self.is_extended = said["hours"] == "extended"
        return True

    def close(self, said: dict[str, Any]) -> bool:
        return self.end_all([each for each in self.orders.values() if each.tif == "day"], "expired")

    def end_all(self, orders: list[NaiveOrder], status: str) -> bool:
        """Those that work."""
        working = [each for each in orders if each.works]
        for order in working:
            end(order, status)
        return bool(working)

    # Accounts

    def method(self, said: dict[str, Any]) -> bool:
        books = self.books[said["trader"]]
        before, books.method = books.method, said["method"]
        return before != said["method"]

    def split(self, said: dict[str, Any]) -> bool:
        symbol, ratio = said["symbol"], Fraction(said["new"], said["old"])
        self.end_all([each for each in self.orders.values() if each.symbol == symbol], "canceled")
        for books in self.books.values():
            books.split(symbol, ratio, WHOLE[symbol], Fraction(said["in_lieu"]))
        self.quotes.pop(symbol, None)
        return True

    def dividend(self, said: dict[str, Any]) -> bool:
        for books in self.books.values():
            books.dividend(said["symbol"], Fraction(said["amount"]))
        return True

    # Quotes

    def quote(self, said: dict[str, Any]) -> bool:
        self.quotes[said["symbol"]] = {
            **{name: Fraction(said[name]) for name in ("bid", "ask", "last")},
            "bid_left": Fraction(said["bid_size"]),
            "ask_left": Fraction(said["ask_size"]),
            "at": said["at"] - said["age"],
        }
        return self.look(said)

    def look(self, said: dict[str, Any]) -> bool:
        quote, now = self.quotes.get(said["symbol"]), said["at"]
        if quote is None:
            return False
        there = [each for each in self.orders.values() if each.works and each.symbol == said["symbol"]]
        if self.is_extended:
            there = [each for each in there if each.extended]
        moved = False
        if now - quote["at"] <= STALE_AFTER:
            for order in there:
                if order.trail and not order.elected:
                    order.seen.append(quote["ask"] if order.side == "buy" else quote["bid"])
        alive = [each for each in there if each.till is None or each.till > now]
        if now - quote["at"] <= STALE_AFTER:
            moved = self.trade(alive, quote, now)
        for order in alive:
            if order.works and order.tif in ("ioc", "fok"):
                end(order, "canceled")
                moved = True
        return moved

    def trade(self, alive: list[NaiveOrder], quote: dict[str, Any], now: int) -> bool:
        elected = elect(alive, quote)
        shares = share_out(alive, quote, elected)
        for order, qty, liquidity in shares:
            self.fill(order, qty, quote, now, liquidity)
        return bool(elected or shares)

    def fill(self, order: NaiveOrder, offered: Fraction, quote: dict[str, Any], now: int, liquidity: str) -> None:
        price, held, rest = quote["ask" if order.side == "buy" else "bid"], order.reserved, order.rest
        qty, books = offered, self.books[order.trader]
        pays_cash = order.opens and not books.on_margin
        if pays_cash:
            purse = books.cash - self.held_back(order.trader, besides=order)
            while qty > 0 and rounded(qty * price, 2) + self.fee(qty, price) > purse:
                qty -= WHOLE[order.symbol]
        if qty < offered and order.tif == "fok":
            qty = Fraction(0)
        if qty:
            quote["ask_left" if order.side == "buy" else "bid_left"] -= qty
            order.cum += qty
            order.status = "filled" if order.cum == order.quantity else "partially_filled"
            self.book(order, qty, price, now, liquidity)
        if qty < offered:
            end(order, "canceled")
        elif order.status == "filled":
            order.reserved = Fraction(0)
        elif not order.opens:
            order.reserved = order.rest
        else:
            order.reserved = rounded(held * order.rest / rest, 2)
            if pays_cash:
                order.reserved = min(order.reserved, books.cash - self.held_back(order.trader, besides=order))

    def book(self, order: NaiveOrder, qty: Fraction, price: Fraction, now: int, liquidity: str) -> None:
        fee, key = self.fee(qty, price), f"{order.key}:{text(order.cum)}"
        move = {"id": key, "side": order.side, "qty": qty, "px": price, "at": now}
        self.fills.append({**move, "order": order.key, "symbol": order.symbol, "fee": fee, "liquidity": liquidity})
        self.books[order.trader].fill(order.symbol, move, fee)

    def accounts(self) -> dict[str, Any]:
        return texts(
            {trader: books.facts(self.quotes, self.held_back(trader)) for trader, books in self.books.items()}
        )

    def state(self) -> dict[str, Any]:
        return texts(
            {
                "orders": {key: facts_of(order) for key, order in self.orders.items()},
                "fills": self.fills,
                "denied": self.denied,
                "accounts": self.accounts(),
                "quotes": self.quotes,
            }
        )
