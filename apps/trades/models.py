"""Orders and their fills."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.desk.money import plain
from apps.desk.order import OPEN, WORKING, Effect, OrderStatus, OrderType, Side, TimeInForce
from apps.desk.order import Order as DeskOrder
from apps.desk.policy import in_words
from apps.market.fields import MoneyField, PercentField, PriceField, QuantityField
from apps.market.hours import calendar_named
from apps.market.models import Instrument
from apps.portfolio.models import Account

LONGEST_REASON = 200


def choices(enum: type) -> list[tuple[str, str]]:
    return [(member.value, member.label) for member in enum]  # type: ignore[attr-defined]


class Order(models.Model):
    """One order. `reserved` is what it still holds back: USD for one that opens, shares for one that closes.

    `effect` says which; orders of before there were short sales say nothing: their buys opened, their sells closed.

    `take_profit` and `stop_loss` are the prices of its exits, whose `parent` it is.
    Two with the same `oco` cancel each other; one that comes `after` another is held until that is filled whole.
    `notional` (USD) is what it may spend at most on shares, where it was asked for by amount.
    `asked` is the fingerprint of the ticket, so that a retry is known after the order was changed.
    `watermark` is the best price a trailing stop has seen; `queued_at` is when a change took its place in the queue.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="orders")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="orders")
    client_order_id = models.CharField(max_length=64)
    side = models.CharField(max_length=4, choices=choices(Side))
    effect = models.CharField(max_length=5, choices=choices(Effect), blank=True, default="", db_default="")
    order_type = models.CharField(max_length=16, choices=choices(OrderType))
    time_in_force = models.CharField(max_length=4, choices=choices(TimeInForce))
    quantity = QuantityField()
    notional = MoneyField(null=True, blank=True)
    limit_price = PriceField(null=True, blank=True)
    stop_price = PriceField(null=True, blank=True)
    trail_amount = PriceField(null=True, blank=True)
    trail_percent = PercentField(null=True, blank=True)
    watermark = PriceField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    take_profit = PriceField(null=True, blank=True)
    stop_loss = PriceField(null=True, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="exits")
    oco = models.UUIDField(null=True, blank=True, db_index=True, editable=False)
    after = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="then")
    extended_hours = models.BooleanField(default=False, db_default=False)
    status = models.CharField(max_length=20, choices=choices(OrderStatus))
    cum_qty = QuantityField(default=Decimal(0))
    avg_px = PriceField(null=True, blank=True)
    reserved = QuantityField(default=Decimal(0))
    triggered_at = models.DateTimeField(null=True, blank=True)
    session_date = models.DateField(null=True, blank=True)
    asked = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "client_order_id"], name="one_order_a_client_id"),
            models.CheckConstraint(condition=Q(cum_qty__gte=0, cum_qty__lte=F("quantity")), name="never_overfilled"),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"]),
            models.Index(
                fields=["instrument", "created_at"],
                condition=Q(status__in=["new", "partially_filled"]),
                name="working_orders",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id} {self.status}"

    @property
    def in_words(self) -> str:
        """As a trader says it: Buy 10 AAPL."""
        return f"{self.verb} {plain(self.quantity)} {self.instrument.symbol}"

    @property
    def opens(self) -> bool:
        """Whether it adds to a position, and so holds back money."""
        return self.effect == Effect.OPEN if self.effect else self.side == Side.BUY

    @property
    def verb(self) -> str:
        """Buy, Sell, Sell short or Buy to cover."""
        return verb_of(self.side, self.opens)

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def awaits_first(self) -> bool:
        """Whether it is a second order that is not sent before the first is filled."""
        return self.after_id is not None and self.status == OrderStatus.HELD

    @property
    def waits_for(self) -> datetime | None:
        """The open, or the extended hours, of the session that it is for, while that is to come."""
        calendar = calendar_named(self.instrument.calendar)
        day = calendar.on(self.session_date) if calendar.has_hours and self.session_date and self.is_open else None
        begins = None if day is None else day.pre_at if self.extended_hours else day.opens_at
        return begins if begins and timezone.now() < begins else None

    @property
    def is_linked(self) -> bool:
        """Whether it stands on the same shares as another one, and what one sells the other gives up."""
        return self.parent_id is not None or self.oco is not None

    @property
    def is_exit(self) -> bool:
        """Whether it came as a price with the order that was sent: of a bracket, or the stop of an OCO."""
        return self.parent_id is not None or self.oco not in {None, self.pk}

    @property
    def follower(self) -> Order | None:
        """What comes after it, whatever has become of that; nothing comes after a second one."""
        return None if self.after_id else getattr(self, "then", None)

    @property
    def has_exits(self) -> bool:
        return self.take_profit is not None or self.stop_loss is not None

    @property
    def stop_at(self) -> Decimal | None:
        """The price that elects it (USD): what a trailing stop has come to."""
        return desk_order(self).stop_at


def verb_of(side: str, opens: bool) -> str:
    if side == Side.BUY:
        return "Buy" if opens else "Buy to cover"
    return "Sell short" if opens else "Sell"


def desk_order(row: Order) -> DeskOrder:
    """The row as the rules see it."""
    return DeskOrder(
        order_id=str(row.pk),
        symbol=row.instrument.symbol,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        quantity=row.quantity,
        placed_at=row.queued_at or row.created_at,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        time_in_force=TimeInForce(row.time_in_force),
        status=OrderStatus(row.status),
        cum_qty=row.cum_qty,
        triggered=row.triggered_at is not None,
        trail_amount=row.trail_amount,
        trail_percent=row.trail_percent,
        watermark=row.watermark,
        expires_at=row.expires_at,
        take_profit=row.take_profit,
        stop_loss=row.stop_loss,
        effect=Effect.OPEN if row.opens else Effect.CLOSE,
        extended_hours=row.extended_hours,
    )


class Fill(models.Model):
    """One execution, with the quote, the policy and the seed that made it; one that was imported has none. Never
    changed, never deleted. Prices are in the instrument's currency, of which a unit was worth `rate` USD: None where
    that is USD."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    exec_id = models.CharField(max_length=80, unique=True)
    last_qty = QuantityField()
    last_px = PriceField()
    rate = PriceField(null=True, blank=True)
    commission = MoneyField(default=Decimal(0))
    liquidity = models.CharField(max_length=5)
    policy = models.CharField(max_length=100)
    seed = models.PositiveBigIntegerField(null=True, blank=True)
    bid = PriceField(null=True, blank=True)
    ask = PriceField(null=True, blank=True)
    last = PriceField(null=True, blank=True)
    bid_size = QuantityField(null=True, blank=True)
    ask_size = QuantityField(null=True, blank=True)
    quote_age_ms = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.last_qty} @ {self.last_px}"

    @property
    def made_by(self) -> str:
        """The policy in words; an imported fill met no quote here."""
        return "another broker, imported" if self.bid is None else in_words(self.policy)


class DeskLease(models.Model):
    """One row: which process matches orders until when. Only its holder may fill."""

    holder = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.holder or 'nobody'} until {self.until}"
