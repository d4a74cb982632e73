"""A trader's books in the naive desk. Only what happened is kept: lots, cost and profit are worked out from all of it,
each time they are asked for, by the method of that moment. So nothing is ever "changed" by another method."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from .naive_order import rounded, total

Lots = list[dict[str, Any]]
HALF, QUARTER, THREE_TENTHS = Fraction(1, 2), Fraction(1, 4), Fraction(3, 10)


class NaiveBooks:
    def __init__(self, paid_in: int, *, on_margin: bool) -> None:
        self.on_margin, self.method, self.paid_in = on_margin, "fifo", Fraction(paid_in)
        self.cash, self.fees, self.dividends = self.paid_in, Fraction(0), Fraction(0)
        self.shares = {"AAPL": Fraction(0), "FRAC": Fraction(0)}  # owed ones below zero
        self.moves: dict[str, list[dict[str, Any]]] = {"AAPL": [], "FRAC": []}

    def fill(self, symbol: str, move: dict[str, Any], fee: Fraction) -> None:
        sign = 1 if move["side"] == "buy" else -1
        self.moves[symbol].append(move)
        self.shares[symbol] += sign * move["qty"]
        self.cash -= sign * value_of(move) + fee
        self.fees += fee

    def split(self, symbol: str, ratio: Fraction, whole: Fraction, price: Fraction) -> None:
        """What is no whole lot afterwards is paid in cash, and counts as a sale; what is owed, as a cover."""
        before = self.shares[symbol]
        if before == 0:
            return
        sign = 1 if before > 0 else -1
        size = cut(abs(before) * ratio)
        self.moves[symbol].append({"side": "split", "ratio": ratio})
        self.shares[symbol] = sign * size
        if size % whole:
            side = "sell" if before > 0 else "buy"
            self.fill(symbol, {"id": "", "side": side, "qty": size % whole, "px": price, "at": 0}, Fraction(0))

    def dividend(self, symbol: str, amount: Fraction) -> None:
        paid = rounded(self.shares[symbol] * amount, 2)
        self.cash += paid
        self.dividends += paid

    def ledger(self) -> dict[str, Fraction]:
        played = [play(moves, self.method) for moves in self.moves.values()]
        return {
            "cash": self.cash,
            "securities": total(sign * lot["cost"] for lots, sign, _ in played for lot in lots),
            "commission": self.fees,
            "realized": -total(gain for _, _, gain in played),
            "funding": -self.paid_in,
            "dividends": -self.dividends,
            "interest": Fraction(0),
        }

    def margin(self, quotes: dict[str, dict[str, Any]], held_back: Fraction) -> dict[str, Any] | None:
        """None while what is open has no price."""
        open_ones = {symbol: shares for symbol, shares in self.shares.items() if shares}
        if any(symbol not in quotes for symbol in open_ones):
            return None
        values = {symbol: rounded(shares * mark(quotes[symbol]), 2) for symbol, shares in open_ones.items()}
        equity = self.cash + total(values.values())
        initial = total(rounded(abs(value) * HALF, 2) for value in values.values())
        maintenance = total(kept_for(open_ones[symbol], value) for symbol, value in values.items())
        excess = equity - initial - held_back
        return {
            "equity": equity,
            "initial": initial,
            "maintenance": maintenance,
            "reserved": held_back,
            "excess": excess,
            "buying_power": 2 * excess if excess > 0 else Fraction(0),
            "is_called": equity < maintenance,
        }

    def facts(self, quotes: dict[str, dict[str, Any]], held_back: Fraction) -> dict[str, Any]:
        played = {symbol: play(moves, self.method) for symbol, moves in self.moves.items()}
        return {
            "method": self.method,
            "lots": {
                symbol: [{**lot, "qty": sign * lot["qty"], "cost": sign * lot["cost"]} for lot in lots]
                for symbol, (lots, sign, _) in played.items()
            },
            "realized": {symbol: gain for symbol, (_, _, gain) in played.items()},
            "ledger": self.ledger(),
            "margin": self.margin(quotes, held_back) if self.on_margin else None,
        }


def play(moves: list[dict[str, Any]], method: str) -> tuple[Lots, int, Fraction]:
    """All of it from the beginning: the lots, by their sizes; 1 if they are held, -1 if owed; what was gained."""
    lots: Lots = []
    opened_by, gain = "buy", Fraction(0)
    for move in moves:
        if move["side"] == "split":
            split_lots(lots, move["ratio"])
        elif not lots or move["side"] == opened_by:
            opened_by = move["side"]
            lots.append(
                {"id": move["id"], "qty": move["qty"], "cost": value_of(move), "px": move["px"], "at": move["at"]}
            )
            if method == "average":
                lots[:] = [averaged(lots)]
        else:
            relieved = relieve(lots, move["qty"], newest_first=method == "lifo")
            gain += value_of(move) - relieved if move["side"] == "sell" else relieved - value_of(move)
    return lots, 1 if opened_by == "buy" else -1, gain


def averaged(lots: Lots) -> dict[str, Any]:
    """One lot of all their shares, which goes by the name and the time of the oldest."""
    if len(lots) == 1:
        return lots[0]
    qty, cost = total(lot["qty"] for lot in lots), total(lot["cost"] for lot in lots)
    return {**lots[0], "qty": qty, "cost": cost, "px": rounded(cost / qty, 8)}


def relieve(lots: Lots, qty: Fraction, *, newest_first: bool) -> Fraction:
    """Takes so many shares out of them and says what these had cost, or fetched."""
    relieved = Fraction(0)
    while qty:
        turn = -1 if newest_first else 0
        lot = lots[turn]
        if lot["qty"] <= qty:
            qty -= lot["qty"]
            relieved += lot["cost"]
            del lots[turn]
            continue
        lot["qty"] -= qty
        kept = rounded(lot["qty"] * lot["px"], 2)
        relieved += lot["cost"] - kept
        lot["cost"], qty = kept, Fraction(0)
    return relieved


def split_lots(lots: Lots, ratio: Fraction) -> None:
    """Each to eight places; the newest has what that leaves of the whole."""
    whole = cut(total(lot["qty"] for lot in lots) * ratio)
    for lot in lots:
        lot["qty"] = cut(lot["qty"] * ratio)
        lot["px"] = rounded(lot["px"] / ratio, 8)
    lots[-1]["qty"] += whole - total(lot["qty"] for lot in lots)


def kept_for(shares: Fraction, value: Fraction) -> Fraction:
    """The maintenance margin: by FINRA Rule 4210(c), whose least amounts are USD a share."""
    if shares > 0:
        return rounded(value * QUARTER, 2)
    owed, shares = -value, -shares
    if owed / shares < 5:
        return max(rounded(shares * Fraction(5, 2), 2), owed)
    return max(rounded(owed * THREE_TENTHS, 2), rounded(shares * 5, 2))


def mark(quote: dict[str, Any]) -> Fraction:
    middle: Fraction = (quote["bid"] + quote["ask"]) / 2
    return quote["last"] if quote["bid"] <= quote["last"] <= quote["ask"] else middle


def value_of(move: dict[str, Any]) -> Fraction:
    return rounded(move["qty"] * move["px"], 2)


def cut(shares: Fraction) -> Fraction:
    """To eight places, towards none."""
    return Fraction(floor(shares * 10**8), 10**8)
