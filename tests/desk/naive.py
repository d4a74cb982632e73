"""The desk again, as slow and as obvious as can be: an oracle that shares no line with apps/desk.

Numbers are fractions, which are exact; every order is looked at for every quote; a trailing stop remembers every price
it has seen; what is affordable is found by trying. It takes the commands of tests/desk/pure.py and tells its state in
the words of tests/desk/pure_state.py.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .naive_order import NaiveOrder, end, facts_of, good_enough, in_turn, rounded, text, texts

WHOLE = {"AAPL": Fraction(1), "FRAC": Fraction(1, 1000)}  # the least quantity
STALE_AFTER = 15  # seconds
YEAR_AND_A_DAY = 366 * 24 * 60 * 60
FEES = {  # USD a share, share of what was traded, USD at least
    "none": (Fraction(0), Fraction(0), Fraction(0)),
    "per-share 0.005 min 1.00": (Fraction(5, 1000), Fraction(0), Fraction(1)),
    "bps 5 min 0": (Fraction(0), Fraction(5, 10_000), Fraction(0)),
}


class NaiveDesk:
    def __init__(self, fees: str) -> None:
        self.per_share, self.of_value, self.least = FEES[fees]
        self.orders: dict[str, NaiveOrder] = {}
        self.fills: list[dict[str, Any]] = []
        self.lots: dict[str, list[dict[str, Any]]] = {
            f"{trader}/{symbol}": [] for trader in ("ann", "ben") for symbol in ("AAPL", "FRAC")
        }
        self.quotes: dict[str, dict[str, Any]] = {}
        self.is_extended = False
        self.ledger = {
            trader: {
                "cash": Fraction(money),
                "securities": Fraction(0),
                "commission": Fraction(0),
                "realized": Fraction(0),
                "funding": Fraction(-money),
                "dividends": Fraction(0),
                "interest": Fraction(0),
            }
            for trader, money in (("ann", 150), ("ben", 9_000))
        }

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

    def may_work(self, order: NaiveOrder, now: int) -> bool:
        quote = self.quotes.get(order.symbol)
        if order.extended and (order.type != "limit" or order.tif in ("ioc", "fok")):
            return False
        if quote is None or now - quote["at"] > STALE_AFTER:
            return False
        if order.till is not None and not now < order.till <= now + YEAR_AND_A_DAY:
            return False
        if order.side == "buy":
            return self.needs(order) <= self.free_cash(order.trader, besides=order)
        held = sum(lot["qty"] for lot in self.lots[f"{order.trader}/{order.symbol}"])
        others = [each for each in self.orders.values() if each.works and each.side == "sell" and each is not order]
        waiting = sum(each.rest for each in others if (each.trader, each.symbol) == (order.trader, order.symbol))
        return order.rest <= held - waiting

    def needs(self, order: NaiveOrder) -> Fraction:
        """What it holds back: the shares it sells, or the most that it may cost."""
        if order.side == "sell":
            return order.rest
        price = order.limit
        if price is None:
            price = max(self.quotes[order.symbol]["ask"], order.stop_price or Fraction(0)) * Fraction(105, 100)
        return rounded(order.rest * price, 2) + self.fee(order.rest, price)

    def fee(self, qty: Fraction, price: Fraction) -> Fraction:
        fee = self.per_share * qty + self.of_value * qty * price
        return rounded(min(max(fee, self.least), qty * price), 2)

    def free_cash(self, trader: str, besides: NaiveOrder | None = None) -> Fraction:
        others = [each for each in self.orders.values() if each.works and each.side == "buy" and each is not besides]
        return self.ledger[trader]["cash"] - sum(each.reserved for each in others if each.trader == trader)

    def cancel(self, said: dict[str, Any]) -> bool:
        order = self.orders.get(said["order"])
        if order is None or not order.works:
            return False
        end(order, "canceled")
        return True

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
        if too_late or not self.may_work(order, said["at"]):
            order.quantity, order.limit, order.stop, order.reserved = before
            return False
        order.reserved = self.needs(order)
        if order.quantity > before[0] or order.limit != before[1] or order.stop != before[2]:
            order.placed_at = said["at"]
        return True

    def expire(self, said: dict[str, Any]) -> bool:
        due = [each for each in self.orders.values() if each.works and each.till and each.till <= said["at"]]
        for order in due:
            end(order, "expired")
        return bool(due)

    def hours(self, said: dict[str, Any]) -> bool:
        self.is_extended = said["hours"] == "extended"
        return True

    def close(self, said: dict[str, Any]) -> bool:
        due = [each for each in self.orders.values() if each.works and each.tif == "day"]
        for order in due:
            end(order, "expired")
        return bool(due)

    # Quotes

    def quote(self, said: dict[str, Any]) -> bool:
        self.quotes[said["symbol"]] = {
            "bid": Fraction(said["bid"]),
            "ask": Fraction(said["ask"]),
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
        moved, elected_now = False, []
        for order in alive:
            reached = order.stop_price
            if order.waits and (quote["ask"] >= reached if order.side == "buy" else quote["bid"] <= reached):
                order.elected = moved = True
                elected_now.append(order)
        shown = {"buy": quote["ask_left"], "sell": quote["bid_left"]}
        shares = []
        for order in in_turn([each for each in alive if not each.waits and good_enough(each, quote)]):
            lots = min(order.rest, shown[order.side]) // WHOLE[order.symbol]
            qty = lots * WHOLE[order.symbol]
            if qty and (qty == order.rest or order.tif != "fok"):
                shown[order.side] -= qty
                shares.append((order, qty))
        for order, qty in shares:
            stood = order.placed_at < quote["at"] if order.type == "limit" else order not in elected_now
            makes = order.limit is not None and (stood or order.cum > 0)
            self.fill(order, qty, quote, now, "maker" if makes else "taker")
        return moved or bool(shares)

    def fill(self, order: NaiveOrder, offered: Fraction, quote: dict[str, Any], now: int, liquidity: str) -> None:
        price, held, rest = quote["ask" if order.side == "buy" else "bid"], order.reserved, order.rest
        qty = offered
        if order.side == "buy":
            purse = self.free_cash(order.trader, besides=order)
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
        elif order.side == "sell":
            order.reserved = order.rest
        else:
            order.reserved = min(rounded(held * order.rest / rest, 2), self.free_cash(order.trader, besides=order))

    def book(self, order: NaiveOrder, qty: Fraction, price: Fraction, now: int, liquidity: str) -> None:
        value, fee = rounded(qty * price, 2), self.fee(qty, price)
        key, books = f"{order.key}:{text(order.cum)}", self.ledger[order.trader]
        facts = {"id": key, "order": order.key, "symbol": order.symbol, "side": order.side, "qty": qty}
        self.fills.append({**facts, "px": price, "fee": fee, "liquidity": liquidity, "at": now})
        lots = self.lots[f"{order.trader}/{order.symbol}"]
        books["commission"] += fee
        if order.side == "buy":
            books["cash"] -= value + fee
            books["securities"] += value
            lots.append({"id": key, "qty": qty, "cost": value, "px": price, "at": now})
            return
        books["cash"] += value - fee
        relieved = Fraction(0)
        while qty:
            first = lots[0]
            if first["qty"] <= qty:
                qty -= first["qty"]
                relieved += first["cost"]
                del lots[0]
                continue
            first["qty"] -= qty
            kept = rounded(first["qty"] * first["px"], 2)
            relieved += first["cost"] - kept
            first["cost"], qty = kept, Fraction(0)
        books["securities"] -= relieved
        books["realized"] -= value - relieved

    def state(self) -> dict[str, Any]:
        return texts(
            {
                "orders": {key: facts_of(order) for key, order in self.orders.items()},
                "fills": self.fills,
                "positions": self.lots,
                "ledger": self.ledger,
                "quotes": self.quotes,
            }
        )
