"""What can be traded, its last known quote and its history."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from apps.desk.calendar import ALWAYS, Phase

from .fields import PercentField, PriceField, QuantityField


class Instrument(models.Model):
    """An equity, or a pair that says what a currency is worth. Prices are in `currency` and move in `tick_size`,
    quantities in `lot_size` (shares).

    `calendar` names the hours it keeps. `previous_close` and `session_open` (its first price) are those of the session
    of `session_date`.
    """

    symbol = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD")
    tick_size = PriceField(default=Decimal("0.01"))
    lot_size = QuantityField(default=Decimal(1))
    tradable = models.BooleanField(default=True)
    calendar = models.CharField(max_length=12, default=ALWAYS, db_default=ALWAYS)
    borrow_rate = PercentField(
        "borrow rate (% a year)",
        null=True,
        blank=True,
        help_text="What shares sold short cost, of their value; empty: as the setting BORROW_RATE_BPS says.",
    )
    previous_close = PriceField(null=True, blank=True)
    session_open = PriceField(null=True, blank=True)
    session_date = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["symbol"]

    def __str__(self) -> str:
        return self.symbol


class FormerSymbol(models.Model):
    """What an instrument was called until the session of `changed_on`. Nothing else is ever called so."""

    symbol = models.CharField(max_length=32, unique=True)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="former_symbols")
    changed_on = models.DateField()

    class Meta:
        ordering = ["-changed_on", "symbol"]

    def __str__(self) -> str:
        return f"{self.symbol} until {self.changed_on}"


class LastQuote(models.Model):
    """The newest quote the desk saved of a symbol: what a process that has just started shows."""

    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, related_name="last_quote")
    bid = PriceField()
    ask = PriceField()
    bid_size = QuantityField()
    ask_size = QuantityField()
    last = PriceField()
    venue_at = models.DateTimeField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.bid}/{self.ask}"


class Bar(models.Model):
    """One minute of trading; `start` is the venue's time."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="bars")
    start = models.DateTimeField()
    open = PriceField()
    high = PriceField()
    low = PriceField()
    close = PriceField()
    volume = QuantityField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instrument", "start"], name="one_bar_a_minute")]
        ordering = ["instrument", "start"]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.start:%Y-%m-%d %H:%M}"


class ShareSplit(models.Model):
    """`new` shares took the place of `old` ones. Bars of the minutes before that of `at`, at the venue, are of the old
    ones, and stay as they were traded."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="share_splits")
    at = models.DateTimeField(db_index=True)
    new = models.PositiveIntegerField()
    old = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.new} for {self.old}, {self.at:%Y-%m-%d %H:%M}"


class DayStart(models.Model):
    """From `at` on the day of an instrument was that of `session_date`, counted from `previous_close`; before, that of
    the session `was`. `calendar` names the hours that it kept."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="day_starts", db_index=False)
    calendar = models.CharField(max_length=12)
    was = models.DateField(null=True)
    session_date = models.DateField(null=True)
    previous_close = PriceField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["instrument", "at", "id"], name="day_of_an_instrument"),
            models.Index(fields=["calendar", "at", "id"], name="day_of_a_calendar"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.session_date} since {self.at:%Y-%m-%d %H:%M:%S}"


class MarketState(models.Model):
    """One row: the feed that runs, its session and its pulse, written by the desk, read by every process.

    `calendar` is what its stocks keep, `phase` and `calendar_date` where that is: its newest session.
    """

    feed = models.CharField(max_length=80, default="")
    is_open = models.BooleanField(default=False)
    reason = models.CharField(max_length=120, blank=True)
    session_date = models.DateField(null=True, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    calendar = models.CharField(max_length=12, default=ALWAYS, db_default=ALWAYS)
    phase = models.CharField(max_length=8, default=Phase.OPEN.value, db_default=Phase.OPEN.value)
    calendar_date = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    last_quote_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.feed} {'open' if self.is_open else 'closed'}"
