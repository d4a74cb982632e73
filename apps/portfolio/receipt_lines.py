"""What each figure of an account is made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal

from django.db.models import QuerySet

from apps.desk import ledger as books
from apps.desk.currency import BASE, parts_of_gain
from apps.desk.margin import initial_margin
from apps.desk.money import ZERO, cents, plain
from apps.desk.valuation import value_position

from .held import held_back
from .kinds import called
from .models import LedgerEntry
from .receipts import Asked, Figure, Line
from .sums import booked_sums
from .value import PositionView

NEWEST = 50


def equity(asked: Asked) -> list[Line]:
    return [Line("Cash", asked.view.cash, "every cash line of the ledger"), *market_value(asked)]


def market_value(asked: Asked) -> list[Line]:
    """At cost while there is no price, as the desk counts it."""
    return [
        Line(
            each.held.symbol,
            each.held.cost if each.market_value is None else each.market_value,
            f"{plain(each.held.quantity)} × {plain(each.last)}{at_rate(each)}"
            if each.last is not None
            else "no price: counted at cost",
            each.held.symbol,
        )
        for each in asked.open
    ]


def at_rate(position: PositionView) -> str:
    """ " EUR × 1.0845" behind a price that is not in USD."""
    currency = position.held.currency
    return "" if currency == BASE else f" {currency} × {plain(position.rate)}"


def parts(gain: Decimal, local: Decimal, rate: Decimal) -> str:
    """What of a gain in USD the price made and what the currency."""
    by_price, by_currency = parts_of_gain(gain, local, rate)
    return f"price {by_price:+,.2f}, currency {by_currency:+,.2f}"


def unrealized(asked: Asked) -> list[Line]:
    if asked.symbol and asked.open and asked.open[0].held.lots and asked.open[0].last is not None:
        return by_lot(asked.open[0])
    return [
        Line(
            each.held.symbol,
            ZERO if each.unrealized is None else each.unrealized,
            "no price: counted as nothing"
            if each.market_value is None
            else f"worth {each.market_value:,.2f} − cost {each.held.cost:,.2f}",
            each.held.symbol,
        )
        for each in asked.open
    ]


def by_lot(position: PositionView) -> list[Line]:
    """What each lot gained; the last cent of rounding the market value as a whole has a line of its own."""
    price = position.last or ZERO
    lines = []
    for lot in position.held.lots:
        _, gain = value_position(lot.qty, lot.cost, price, position.rate)
        how = f"{plain(lot.qty)} × {plain(price)}{at_rate(position)} − cost {lot.cost:,.2f}"
        if position.held.currency != BASE:
            how += f": {parts(gain, cents(lot.qty * price) - lot.local, position.rate)}"
        lines.append(Line(f"Lot of {lot.opened_at:%-d %b %Y %H:%M:%S} UTC", gain, how))
    rest = (position.unrealized or ZERO) - sum((line.amount or ZERO for line in lines), ZERO)
    return [*lines, Line("Rounding of the whole to the cent", rest)] if rest else lines


def realized(asked: Asked) -> list[Line]:
    if not asked.symbol:
        return [
            Line(each.held.symbol, each.held.realized, "what shares fetched − what they had cost", each.held.symbol)
            for each in asked.positions
            if each.held.realized
        ]
    rows = booked(asked).filter(book=books.REALIZED).select_related("journal__instrument").order_by("-journal_id")
    newest = list(rows[:NEWEST])
    lines = [
        Line(f"{row.journal.in_words}, {row.journal.at:%-d %b %Y %H:%M:%S} UTC", -row.amount, parts_of_sale(row))
        for row in newest
    ]
    earlier = sum((each.held.realized for each in asked.positions), ZERO) - sum((-row.amount for row in newest), ZERO)
    return [*lines, Line("Sales before these", earlier)] if earlier else lines


def parts_of_sale(row: LedgerEntry) -> str:
    """Empty where all was in USD."""
    journal = row.journal
    if journal.rate is None or journal.local_realized is None:
        return ""
    return parts(-row.amount, journal.local_realized, journal.rate)


def fees(asked: Asked) -> list[Line]:
    return [
        Line(each.held.symbol, each.held.fees, "the commission of every fill", each.held.symbol)
        for each in asked.positions
        if each.held.fees
    ]


def cash(asked: Asked) -> list[Line]:
    """By the kind of booking; a fill's has its fee within."""
    amounts, counts = defaultdict[str, Decimal](Decimal), Counter[str]()
    for (_, kind), sums in booked_sums(asked.account.pk, asked.at).items():
        amounts[kind] += sums.cash
        counts[kind] += sums.cash_lines
    return [
        Line(called(kind), amounts[kind], f"{count:,} {'booking' if count == 1 else 'bookings'}, fees within")
        for kind, count in sorted(counts.items())
        if count
    ]


def buying_power(asked: Asked) -> list[Line]:
    view, held = asked.view, held_back(asked.account.pk, asked.at) if asked.at else asked.view.reserved
    if view.margin is None:
        cash = Line("Cash", view.cash, "every cash line of the ledger")
        return [cash, for_orders(held, "at their limit, with fee")]
    needed = [
        Line("Equity", view.equity),
        Line("Initial margin of positions", -view.margin.initial, "half of what each is worth, long or short"),
        for_orders(held, "their initial margin, with fee"),
    ]
    lent = None if held is None else replace(view.margin, reserved=held).buying_power - sum_of(needed)
    return [*needed, Line("Lent for it", lent, "as much again; nothing where positions need more than there is")]


def for_orders(held: Decimal | None, how: str) -> Line:
    return Line("Held back for working orders", None if held is None else -held, NOT_KEPT if held is None else how)


def day_pnl(asked: Asked) -> list[Line]:
    return [
        Line(each.held.symbol, each.day_pnl, of_the_day(each), each.held.symbol)
        for each in asked.positions
        if each.held.quantity or each.held.cash_flow or not each.held.day_known
    ]


def of_the_day(position: PositionView) -> str:
    if not position.held.day_known:
        return f"the day that it counted to, and the close before that, are {NOT_KEPT}"
    if position.market_value is None and position.held.quantity:
        return "no price is known"
    if position.day_pnl is None:
        return "no close that it counts from is known"
    return f"worth {position.market_value or ZERO:,.2f} − {position.held.day_basis or ZERO:,.2f} to break even"


def total_pnl(asked: Asked) -> list[Line]:
    other = income(asked)
    return [
        Line("Realised P&L", sum_of(realized(asked))),
        Line("Fees", -sum_of(fees(asked))),
        Line("Unrealised P&L", sum_of(unrealized(asked))),
        *([Line("Dividends and interest", sum_of(other))] if other else []),
    ]


def income(asked: Asked) -> list[Line]:
    dividends = [
        Line(each.held.symbol, each.held.dividends, "paid on shares held, less on shares owed", each.held.symbol)
        for each in asked.positions
        if each.held.dividends
    ]
    return [*dividends, *(() if asked.symbol else borrowed(asked))]


def borrowed(asked: Asked) -> list[Line]:
    """By the kind of booking."""
    paid = defaultdict[str, Decimal](Decimal)
    for (_, kind), sums in booked_sums(asked.account.pk, asked.at).items():
        paid[kind] -= sums.interest
    words = {"interest": "on borrowed cash", "borrow_fee": "for borrowed shares, sold short"}
    return [Line(called(kind), amount, words.get(kind, "")) for kind, amount in sorted(paid.items()) if amount]


def margin(asked: Asked) -> list[Line]:
    return [
        Line(
            each.held.symbol,
            initial_margin(each.held.cost if each.market_value is None else each.market_value),
            "half of what it is worth",
            each.held.symbol,
        )
        for each in (asked.open if asked.view.margin else ())
    ]


def sum_of(lines: list[Line]) -> Decimal:
    return sum((line.amount or ZERO for line in lines), ZERO)


def booked(asked: Asked) -> QuerySet[LedgerEntry]:
    """The ledger's lines that the figure rests on."""
    rows = LedgerEntry.objects.filter(journal__account=asked.account)
    rows = rows.filter(journal__instrument__symbol=asked.symbol) if asked.symbol else rows
    return rows.filter(journal__at__lte=asked.at) if asked.at else rows


NOT_KEPT = "not kept of that moment"

FIGURES = {
    figure.name: figure
    for figure in (
        Figure(
            "equity",
            "Equity",
            "cash + what every position is worth",
            equity,
            priced=True,
            of_equity=True,
            of_symbol=False,
        ),
        Figure(
            "market-value", "Market value", "quantity × price of each position, to the cent", market_value, priced=True
        ),
        Figure(
            "day-pnl",
            "Day P&L",
            "worth now − worth at the last close − what was put in since, fees within",
            day_pnl,
            priced=True,
            signed=True,
        ),
        Figure(
            "unrealized-pnl",
            "Unrealised P&L",
            "what positions are worth − what their open lots cost",
            unrealized,
            priced=True,
            signed=True,
        ),
        Figure(
            "realized-pnl",
            "Realised P&L",
            "what closed shares fetched − what they had cost, before fees",
            realized,
            signed=True,
        ),
        Figure(
            "total-pnl",
            "Total P&L",
            "realised P&L − fees + unrealised P&L + dividends and interest",
            total_pnl,
            priced=True,
            signed=True,
        ),
        Figure(
            "income",
            "Dividends and interest",
            "what came in less what was paid, for borrowed shares too",
            income,
            signed=True,
        ),
        Figure("margin", "Initial margin", "half of what each position is worth, long or short", margin, priced=True),
        Figure("fees", "Fees", "the commission of every fill", fees),
        Figure("cash", "Cash", "every cash line of the ledger", cash, of_symbol=False),
        Figure(
            "buying-power",
            "Buying power",
            "cash − what working orders hold back; on margin twice what equity is beyond the margin",
            buying_power,
            on_margin=True,
            of_equity=True,
            of_symbol=False,
        ),
    )
}
