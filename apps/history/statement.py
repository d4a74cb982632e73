"""A file of fills as its columns say it: each line read, or what is wrong with it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from io import StringIO

from apps.desk.currency import BASE, currency_of
from apps.desk.money import CENT, TINIEST_PRICE
from apps.desk.order import Side
from apps.trades.elsewhere import Elsewhere
from apps.trades.importing import Wrong

MOST_LINES = 20_000
MOST_NAMED = 50
LONGEST_ID = 48
COLUMNS = {
    "time": "Time",
    "symbol": "Symbol",
    "side": "Side",
    "quantity": "Quantity",
    "price": "Price",
    "commission": "Commission",
    "currency": "Currency",
    "rate": "Rate, USD each",
    "commission_currency": "Commission currency",
    "id": "Execution id",
}
REQUIRED = ("time", "symbol", "quantity", "price")
SPELLINGS = {
    "time": (
        "time",
        "at",
        "date",
        "date/time",
        "datetime",
        "transaction time",
        "filled at",
        "executed at",
        "timestamp",
    ),
    "symbol": ("symbol", "ticker", "instrument"),
    "side": ("side", "action", "buy/sell", "type"),
    "quantity": ("quantity", "qty", "shares", "last_qty", "filled qty", "filled quantity"),
    "price": ("price", "fill price", "last_px", "trade price", "t. price", "avg price", "average price"),
    "commission": ("commission", "fee", "fees", "comm/fee", "commissions"),
    "currency": ("currency",),
    "rate": ("fx_rate", "rate", "fx rate", "fx rate to base", "fxratetobase", "exchange rate"),
    "commission_currency": (
        "commission_currency",
        "commission currency",
        "fee_currency",
        "fee currency",
        "ibcommissioncurrency",
    ),
    "id": ("id", "exec_id", "execution id", "trade id", "transaction id", "order id"),
}
SIDES = {"buy": Side.BUY, "b": Side.BUY, "bot": Side.BUY, "bought": Side.BUY, "buy to cover": Side.BUY}
SIDES |= {"sell": Side.SELL, "s": Side.SELL, "sld": Side.SELL, "sold": Side.SELL, "sell short": Side.SELL}
NUMBER = re.compile(r"[+-]?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,12})?")
LEAST_SHARES = TINIEST_PRICE
MOST = {"Quantity": 10**9, "Price": 10**8, "Rate": 10**6, "Commission": 10**6}
"""Beyond what anybody trades, and well within what the books can keep."""
Mapped = Mapping[str, str]
"""The header of the file's column that holds each of ours."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Every line that could be read, in the order of their times, and what is wrong with the others: line 0 is the
    file as a whole."""

    rows: tuple[Elsewhere, ...]
    faults: tuple[Wrong, ...]


def headers_of(text: str) -> list[str]:
    """The names of the file's columns. Raises ValueError for what is no table of fills."""
    lines = reader(text)
    names = [name.strip() for name in next(lines, [])]
    if len(names) < len(REQUIRED) or not any(names):
        raise ValueError("The first line must name the columns, such as time,symbol,side,quantity,price")
    if twice := [name for name, count in Counter(names).items() if name and count > 1]:
        raise ValueError(f"Two columns are called {twice[0]}; give each a name of its own")
    for _ in lines:  # what cannot be read to its end is not kept to be looked at
        pass
    return names


def guessed(headers: list[str]) -> dict[str, str]:
    """Which column is likely to hold which of ours."""
    by_spelling = {header.lower(): header for header in reversed(headers)}
    found: dict[str, str] = {}
    for column, spellings in SPELLINGS.items():
        named = next((by_spelling[each] for each in spellings if each in by_spelling), "")
        if named and named not in found.values():
            found[column] = named
    return found


def read(text: str, mapped: Mapped, now: datetime) -> Statement:
    """Every line; an execution id is made of the line where the file has none."""
    headers = headers_of(text)
    if missing := [COLUMNS[column] for column in REQUIRED if mapped.get(column) not in headers]:
        return Statement((), (Wrong(0, f"Choose the column of {', '.join(missing)}"),))
    is_one = mapped.get("currency", "") == mapped.get("commission_currency")  # what price and commission are both in
    if len(set(mapped.values())) < len(mapped) - is_one:
        return Statement((), (Wrong(0, "One column cannot be two things; choose another for one of them"),))
    at = {column: headers.index(header) for column, header in mapped.items() if header in headers}
    rows, faults, seen, alike = list[Elsewhere](), list[Wrong](), dict[str, int](), Counter[str]()
    lines = reader(text)
    next(lines)
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > MOST_LINES + 1:
            return Statement((), (Wrong(0, f"The file has more than {MOST_LINES:,} lines; import it in parts"),))
        said = {column: cells[index].strip() if index < len(cells) else "" for column, index in at.items()}
        try:
            row = row_of(number, said, now, alike)
        except ValueError as error:
            faults.append(Wrong(number, str(error)))
            continue
        if row.key in seen:
            faults.append(Wrong(number, f"Execution id {row.key[:40]} is that of line {seen[row.key]} too"))
        seen[row.key] = number
        rows.append(row)
    if not rows and not faults:
        faults.append(Wrong(0, "There is no fill below the first line"))
    return Statement(tuple(in_order(rows)), tuple(faults))


def in_order(rows: list[Elsewhere]) -> list[Elsewhere]:
    """By their times; those of one moment, a day where no more is said, from below where the newest is on top."""
    from_below = bool(rows) and rows[0].at > rows[-1].at
    return sorted(rows, key=lambda row: (row.at, -row.line if from_below else row.line))


def reader(text: str) -> Iterator[list[str]]:
    """Raises ValueError with the line where it is no CSV any more."""
    first = text.lstrip("\ufeff").partition("\n")[0]
    lines = csv.reader(StringIO(text.lstrip("\ufeff"), newline=""), delimiter=max(",;\t", key=first.count))
    try:
        yield from lines
    except csv.Error as error:
        raise ValueError(
            f"The file is no CSV at line {lines.line_num}, where perhaps a quote is open: {error}"
        ) from None


def row_of(line: int, said: Mapped, now: datetime, alike: Counter[str]) -> Elsewhere:
    """Raises ValueError that names the column and what would be right."""
    at, symbol = moment_of(said["time"], now), said["symbol"].upper()
    if not symbol:
        raise ValueError("Symbol is empty")
    currency = currency_named("Currency", said.get("currency", ""))
    quantity = number_of("Quantity", said["quantity"], LEAST_SHARES)
    side = side_of(said.get("side", ""), quantity)
    price = number_of("Price", said["price"], TINIEST_PRICE)
    if price <= 0:
        raise ValueError(f"Price must be more than 0, not {said['price'][:20]}")
    rate = number_of("Rate", said["rate"], TINIEST_PRICE) if said.get("rate") else None
    if rate is not None and rate <= 0:
        raise ValueError(f"Rate must be more than 0, not {said['rate'][:20]}")
    fee = said.get("commission", "")
    commission = abs(number_of("Commission", fee, CENT)) if fee else Decimal(0)
    fee_in = currency_named("Commission currency", said.get("commission_currency", "")) or BASE
    key = said.get("id", "")
    if len(key) > LONGEST_ID:
        raise ValueError(f"Execution id must have {LONGEST_ID} characters at most")
    if not key:
        terms = f"{at.isoformat()}|{symbol}|{side}|{quantity.normalize()}|{price.normalize()}"
        alike[terms] += 1
        key = sha256(f"{terms}|{alike[terms]}".encode()).hexdigest()[:LONGEST_ID]
    return Elsewhere(line, key, at, symbol, side, abs(quantity), price, commission, currency, rate, fee_in)


def currency_named(label: str, text: str) -> str:
    try:
        return currency_of(text.upper()) if text else ""
    except ValueError as error:
        raise ValueError(f"{label}: {error}") from None


def moment_of(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"Time must be a date and time such as 2026-03-02 14:30:00, UTC, not {text[:30] or 'nothing'}"
        ) from None
    if moment > now:
        raise ValueError(f"Time {text[:30]} is still to come")
    return moment


def side_of(text: str, quantity: Decimal) -> Side:
    """As it is said; where it is not, a quantity below zero was sold."""
    if not text:
        return Side.SELL if quantity < 0 else Side.BUY
    try:
        side = SIDES[text.lower()]
    except KeyError:
        raise ValueError(f"Side must be buy or sell, not {text[:20]}") from None
    if quantity < 0 and side is Side.BUY:
        raise ValueError("Quantity of a buy must be more than 0")
    return side


def number_of(label: str, text: str, step: Decimal) -> Decimal:
    plain = text.removeprefix("$").strip()
    if not NUMBER.fullmatch(plain):
        raise ValueError(f"{label} must be a number such as 150.25, not {text[:20] or 'nothing'}")
    number = Decimal(plain.replace(",", ""))
    if abs(number) > MOST[label]:
        raise ValueError(f"{label} must be at most {MOST[label]:,}, not {text[:20]}")
    if number % step:
        raise ValueError(f"{label} must be a multiple of {step}, not {text[:20]}")
    if label == "Quantity" and number == 0:
        raise ValueError("Quantity must not be 0")
    return number
