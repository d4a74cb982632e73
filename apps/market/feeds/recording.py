"""Reads a recording of quotes: a CSV (or CSV.gz), one row a second and symbol, in order of time."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TextIO

from apps.desk.instrument import symbol_of

from .base import FeedError

COLUMNS = ("ts", "symbol", "bid", "ask", "bid_size", "ask_size", "last", "volume")
NUMBER = re.compile(r"\d{1,9}(\.\d{1,8})?")


@dataclass(frozen=True, slots=True)
class Row:
    """Prices in USD, sizes in shares; None where that second had no quote or no trade."""

    at: datetime
    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    last: Decimal | None
    volume: Decimal | None


@dataclass
class Survey:
    """What a recording holds: its span and the first price of each symbol."""

    first_at: datetime
    last_at: datetime
    rows: int = 0
    quotes: int = 0
    opening_prices: dict[str, Decimal] = field(default_factory=dict)


def opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="ascii", newline="")
    return path.open("r", encoding="ascii", newline="")


def rows(path: Path) -> Iterator[Row]:
    """Every row, read as it is asked for. Raises FeedError that names the line and what would be right."""
    line = 1
    try:
        with opened(path) as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, None)
            if header is None:
                raise ValueError("the file is empty; it must begin with the header " + ",".join(COLUMNS))
            if tuple(header) != COLUMNS:
                raise ValueError("the header must be " + ",".join(COLUMNS))
            before: Row | None = None
            seen: set[str] = set()
            ts, at = "", None
            for cells in reader:
                line = reader.line_num
                if len(cells) != len(COLUMNS):
                    raise ValueError(f"{len(cells)} cells; there must be {len(COLUMNS)}: " + ",".join(COLUMNS))
                if cells[0] != ts or at is None:
                    ts, at = cells[0], moment(cells[0])
                row = row_of(at, cells)
                if before is None or row.at != before.at:
                    if before is not None and row.at < before.at:
                        raise ValueError(f"{ts} is earlier than the row before; rows must be sorted by ts")
                    seen.clear()
                if row.symbol in seen:
                    raise ValueError(f"{row.symbol} a second time at {ts}; there must be one row a moment and symbol")
                seen.add(row.symbol)
                before = row
                yield row
    except FileNotFoundError:
        raise FeedError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise FeedError(f"{path}: after line {line}: cannot be read: {error}") from error
    except UnicodeDecodeError:
        raise FeedError(f"{path}: after line {line}: holds other characters than ASCII") from None
    except csv.Error as error:
        raise FeedError(f"{path}: line {line + 1}: {error}") from error
    except ValueError as error:
        raise FeedError(f"{path}: line {line}: {error}") from error


def moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"ts is {text!r}; it must be a UTC time like 2013-10-07T13:30:00Z")
    return at


def row_of(at: datetime, cells: list[str]) -> Row:
    symbol = symbol_of(cells[1])
    bid, ask, bid_size, ask_size, last, volume = map(number, COLUMNS[2:], cells[2:])
    if (bid is None) != (ask is None) or (bid is None) != (bid_size is None) or (bid is None) != (ask_size is None):
        raise ValueError("bid, ask and their sizes must all be given or all be empty")
    if bid is not None and ask is not None and not 0 < bid <= ask:
        raise ValueError(f"bid {bid}, ask {ask}; there must be 0 < bid <= ask")
    if last is not None and not last:
        raise ValueError("last is 0; it must be above 0, or empty")
    return Row(at, symbol, bid, ask, bid_size, ask_size, last, volume)


def number(column: str, text: str) -> Decimal | None:
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{column} is {text!r}; it must be a plain number with at most 8 decimals, or empty")
    return Decimal(text)


def survey(path: Path) -> Survey:
    """Reads the whole recording once, so that nothing in it can fail later."""
    found: Survey | None = None
    for row in rows(path):
        if found is None:
            found = Survey(row.at, row.at)
        found.last_at = row.at
        found.rows += 1
        if row.bid is not None and row.ask is not None:
            found.quotes += 1
            found.opening_prices.setdefault(row.symbol, row.last or (row.bid + row.ask) / 2)
    if found is None or not found.quotes:
        raise FeedError(f"{path}: line 2: holds no quote; there must be at least one row with bid and ask")
    return found


def moments(path: Path) -> Iterator[tuple[datetime, list[Row]]]:
    """The rows of each moment together."""
    for at, group in groupby(rows(path), key=attrgetter("at")):
        yield at, list(group)
