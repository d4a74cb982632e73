"""What other currencies are worth: a pair is quoted by the feed and kept as any symbol is, and gets as old."""

from __future__ import annotations

from apps.desk.currency import BASE, IN_USD, Rate, pair_of

from .quotes import board, on_event_loop


def currency_of(symbol: str) -> str:
    """What the symbol's prices are in; USD of one that nobody knows."""
    row = board.instruments.get(symbol)
    if row is None and not on_event_loop():
        board.catch_up()
        row = board.instruments.get(symbol)
    return row.currency if row else BASE


def rate_now(currency: str) -> Rate:
    """As of the newest quote of the pair that converts it."""
    if currency == BASE:
        return IN_USD
    pair = board.latest(pair_of(currency, board.instruments))
    return Rate(currency, pair or board.quotes.get(pair_of(currency, board.instruments)))  # it may have caught up
