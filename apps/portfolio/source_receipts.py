"""How the figures of P&L by symbol, and of where the P&L of a span came from, were made: from bookings and closes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.urls import reverse
from django.utils.http import urlencode

from apps.desk.money import ZERO
from apps.desk.performance import total_pnl
from apps.desk.performance_symbols import symbol_pnl
from apps.desk.performance_words import Figure, figures

from .basis import Basis, basis_of
from .bookings import fills_of, lines_between, others_of, sum_of
from .choices import Choice
from .measure import Given, Measured, day, name_of
from .measure_receipts import MEASURES, MeasureReceipt, prices_of
from .models import Account, SessionEquity
from .performance import OfSymbol, sources_of, symbols_of, together
from .sessions import gained_and_paid, realized_by_symbol

KEYS = ("symbol_realized", "symbol_pnl", "unrealized_change", "realized_since", "other_pnl")
SOURCES: dict[str, Figure] = {name_of(key): figures[key] for key in KEYS}
"""By what they are called in an address. What is not realised now has a receipt as a figure of the account."""
EXPLAINED = {**MEASURES, **SOURCES}
TITLES = {"symbol-realized": "Realised P&L in the span", "symbol-pnl": "Realised and unrealised P&L"}
"""Where the head of a column says too little by itself."""
NO_PAST_OF_SYMBOL = "What one symbol was worth at a close is not kept, only what all of them came to"


@dataclass(frozen=True)
class Origin:
    """What a span earned by symbol, now or until the close `upto`, and that of the symbol of `part`, or of all."""

    account: Account
    span: str
    basis: Basis
    upto: SessionEquity | None
    symbols: tuple[OfSymbol, ...]
    part: Choice | None

    @property
    def own(self) -> OfSymbol:
        """What was neither traded nor is open has earned nothing."""
        if self.part is None:
            return all_until(self.symbols, self.upto)
        return next(
            (each for each in self.symbols if self.asks_for(each.name)), OfSymbol(self.part.of, None, ZERO, ZERO)
        )

    @property
    def names(self) -> list[str]:
        """The symbols that it is asked for of."""
        return [each.name for each in self.symbols if self.asks_for(each.name)]

    def asks_for(self, name: str) -> bool:
        return self.part is None or self.part.of == name

    @property
    def reach(self) -> int | None:
        """Its last journal; None: the newest."""
        return (self.upto.last_journal_id or 0) if self.upto else None

    @property
    def total(self) -> Decimal:
        return total_pnl(self.basis.days) or ZERO

    def value_of(self, key: str) -> Decimal | None:
        """As the tables show it."""
        if key == "symbol_realized":
            return self.own.realized
        if key == "symbol_pnl":
            return self.own.pnl
        return self.sources.get(name_of(key), ZERO)

    @cached_property
    def sources(self) -> dict[str, Decimal]:
        """What each brought, by what its receipt is called in an address; none of what brought nothing."""
        found = sources_of(self.account, self.basis.record, self.symbols, self.total, self.reach)
        return {part.receipt: part.pnl for part in found}

    @property
    def last_journal(self) -> int | None:
        """Of the close that the span ends with; None while a session runs."""
        end = self.basis.record.ends_with
        return (end.last_journal_id or 0) if end else None

    def receipt(self, key: str, part: Choice | None = None) -> str:
        """The address of another figure of the same span."""
        at = {"at": f"{self.upto.session_date:%Y-%m-%d}"} if self.upto else {}
        return address(name_of(key), span=self.span, **at, **(part._asdict() if part else {}))


def source_receipt_of(
    key: str, account: Account, span: str, now: datetime, upto: SessionEquity | None, part: Choice | None = None
) -> MeasureReceipt:
    """The value is the one that the performance page shows. Raises KeyError for a figure that is none of these."""
    origin = origin_of(account, span, now, upto, part)
    figure = Measured(figures[key], origin.value_of(key))
    return {
        "symbol_realized": realized,
        "symbol_pnl": both,
        "unrealized_change": change,
        "realized_since": since,
        "other_pnl": other,
    }[key](origin, figure)


def origin_of(account: Account, span: str, now: datetime, upto: SessionEquity | None, part: Choice | None) -> Origin:
    basis = basis_of(account, span, now, upto)
    symbols = until(account, basis.record.after, upto) if upto else symbols_of(account, basis.record, now)
    return Origin(account, span, basis, upto, symbols, part)


def until(account: Account, after: int, close: SessionEquity) -> tuple[OfSymbol, ...]:
    """What was not realised at a close is not kept of each symbol."""
    found = realized_by_symbol(account.pk, after, close.last_journal_id or 0)
    return tuple(OfSymbol(name, gained, None, None) for name, gained in found)


def all_until(symbols: tuple[OfSymbol, ...], close: SessionEquity | None) -> OfSymbol:
    whole = together(symbols)
    if close is None:
        return whole
    return replace(whole, unrealized=close.unrealized, pnl=symbol_pnl(whole.realized, close.unrealized))


def realized(origin: Origin, figure: Measured) -> MeasureReceipt:
    return bookings(origin, figure, (origin.account.pk, origin.basis.record.after, origin.reach), origin.names)


def bookings(
    origin: Origin, figure: Measured, between: tuple[int, int, int | None], names: list[str]
) -> MeasureReceipt:
    """Of what the fills of these symbols realised between two journals of an account."""
    gained, paid = (sum((each[name] for name in names), ZERO) for each in gained_and_paid(*between))
    inputs = (
        Given("What closed shares brought, less what they had cost", gained, "signed_usd"),
        Given("Commission of all fills", paid, "usd"),
    )
    rows = fills_of(lines_between(*between), names)
    return MeasureReceipt(figure, inputs, origin.basis, rows, "bookings", to_now=origin.upto is None)


def both(origin: Origin, figure: Measured) -> MeasureReceipt:
    """Both sums have receipts of their own, but for what was not realised at a close."""
    own, close = origin.own, origin.upto
    inputs = (
        Given("Realised in the span", own.realized, "signed_usd", "", origin.receipt("symbol_realized", origin.part)),
        at_close(close) if close else unrealized_now(origin, own),
    )
    prices = prices_of(origin.account, origin.basis, origin.part.of if origin.part else "") if origin.names else ()
    return MeasureReceipt(figure, inputs, origin.basis, (), "", prices, to_now=close is None)


def at_close(close: SessionEquity) -> Given:
    return Given("Unrealised at the end", close.unrealized, "signed_usd", kept_at(close))


def kept_at(close: SessionEquity) -> str:
    return f"kept at the close of {day(close.session_date)}; what had no price counts as nothing"


def unrealized_now(origin: Origin, own: OfSymbol) -> Given:
    label, part = "Unrealised now", origin.part
    if own.unrealized is None:
        return Given(label, None, "signed_usd", "there is no price of what is open, or of a part of it")
    held = origin.names or part is None  # of what never was there is no receipt
    return Given(label, own.unrealized, "signed_usd", "", of_account(part.of if part else "") if held else "")


def of_account(symbol: str = "") -> str:
    return address("unrealized-pnl", **({"symbol": symbol} if symbol else {}))


def change(origin: Origin, figure: Measured) -> MeasureReceipt:
    record = origin.basis.record
    end, before = record.ends_with, record.begins_with
    inputs = (
        at_close(end)
        if end
        else Given("Unrealised at the end", record.unrealized, "signed_usd", "as it is now", of_account()),
        Given(
            "Unrealised before the span",
            before.unrealized if before else ZERO,
            "signed_usd",
            kept_at(before) if before else "there is no close before it",
        ),
    )
    rows = tuple(dict.fromkeys(close for close in (end, before) if close))
    return MeasureReceipt(figure, inputs, origin.basis, rows, "closes", prices_of(origin.account, origin.basis))


def since(origin: Origin, figure: Measured) -> MeasureReceipt:
    """Its rows are the fills after the close that the span ends with; none while a session runs."""
    ends = origin.last_journal
    names = [] if ends is None else origin.names
    return bookings(origin, figure, (origin.account.pk, ends or 0, origin.reach), names)


def other(origin: Origin, figure: Measured) -> MeasureReceipt:
    """Its rows are what was booked until the end of the span."""
    record, key = origin.basis.record, "unrealized_change"
    rows = others_of(lines_between(origin.account.pk, record.after, origin.last_journal))
    later = origin.value_of("realized_since")
    inputs = [
        Given("P&L of the span", origin.total, "signed_usd", "", origin.receipt("total_pnl")),
        Given(
            "Realised, by all symbols",
            together(origin.symbols).realized,
            "signed_usd",
            "",
            origin.receipt("symbol_realized"),
        ),
        Given(figures[key].label, record.unrealized_change, "signed_usd", "", origin.receipt(key)),
        Given("Booked as dividends, interest and other", sum_of(rows.lines), "signed_usd"),
    ]
    if later:
        what = figures["realized_since"].label
        inputs.insert(3, Given(what, later, "signed_usd", "taken off again", origin.receipt("realized_since")))
    return MeasureReceipt(figure, tuple(inputs), origin.basis, rows, "bookings")


def address(name: str, **query: str) -> str:
    found = reverse("portfolio:receipt", args=[name])
    return f"{found}?{urlencode(query)}" if query else found
