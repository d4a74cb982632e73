"""What traders want to be told of, how they are reached, and what is still to be told to them."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from apps.alerts.models import Outgoing
from apps.desk.crossing import Band
from apps.desk.money import plain, price_from, price_up_to
from apps.desk.quiet import QuietHours
from apps.market.fields import PriceField
from apps.market.models import Instrument
from apps.secrets.fields import EncryptedTextField
from apps.secrets.models import HoldsSecrets


class Kind(models.TextChoices):
    PRICE_ABOVE = "price_above", "Price at or above"
    PRICE_BELOW = "price_below", "Price at or below"
    PERCENT_MOVE = "percent_move", "Price moves by, %"
    PNL_ABOVE = "pnl_above", "Day P&L at or above"
    PNL_BELOW = "pnl_below", "Day P&L at or below"
    ORDER_FILLED = "order_filled", "Order filled"
    ORDER_CANCELLED = "order_cancelled", "Order cancelled"
    ORDER_REJECTED = "order_rejected", "Order denied or rejected"


OF_PRICE = frozenset({Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PERCENT_MOVE})
OF_PNL = frozenset({Kind.PNL_ABOVE, Kind.PNL_BELOW})
OF_ORDERS = frozenset({Kind.ORDER_FILLED, Kind.ORDER_CANCELLED, Kind.ORDER_REJECTED})


class TraderAlert(models.Model):
    """`base` is the figure (USD) at `waiting_since`; a move in per cent counts from it. `crossed_after` is the last
    moment before the crossing that is known, where `crossed_at` alone would say more than is known."""

    class State(models.TextChoices):
        WAITING = "waiting"
        FIRED = "fired"
        ACKNOWLEDGED = "acknowledged"
        OFF = "off"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trader_alerts")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    threshold = PriceField(null=True, blank=True)
    repeat = models.BooleanField(default=False)
    note = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    base = PriceField(null=True, blank=True)
    made_at = models.DateTimeField()
    waiting_since = models.DateTimeField()
    firings = models.PositiveIntegerField(default=0)
    crossed_after = models.DateTimeField(null=True, blank=True)
    crossed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    value = PriceField(null=True, blank=True)
    happened = models.CharField(max_length=120, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "state"], name="alerts_of_a_trader"),
            models.Index(fields=["kind"], condition=models.Q(state="waiting"), name="alerts_waiting"),
        ]

    def __str__(self) -> str:
        what = f"{self.symbol} {self.get_kind_display()}".strip()
        return what if self.threshold is None else f"{what} {plain(self.threshold)}"

    @property
    def symbol(self) -> str:
        return self.instrument.symbol if self.instrument else ""

    @property
    def kind_of(self) -> Kind:
        return Kind(self.kind)

    @property
    def band(self) -> Band:
        return band_of(self.kind_of, self.threshold, self.base)


def band_of(kind: Kind, threshold: Decimal | None, base: Decimal | None) -> Band:
    """Where the figure may be without anybody being told."""
    if threshold is None:
        return Band()
    if kind is Kind.PERCENT_MOVE:
        start = base or Decimal(0)
        move = start * threshold / 100
        return Band(up=price_from(start + move), down=price_up_to(start - move))
    if kind in {Kind.PRICE_ABOVE, Kind.PNL_ABOVE}:
        return Band(up=threshold)
    return Band(down=threshold)


class AlertSettings(HoldsSecrets):
    """How a trader is reached besides the page. A webhook's address is a secret: shown by its end only. `stopped` says
    why the desk has turned a way off, until its owner chooses again."""

    class Way(models.TextChoices):
        PAGE = "page", "On the page only"
        EMAIL = "email", "E-mail"
        DISCORD = "discord", "Discord webhook"
        DIRECT = "direct", "Discord direct message"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_settings")
    way = models.CharField(max_length=8, choices=Way.choices, default=Way.PAGE)
    webhook = EncryptedTextField(max_length=400, default="", db_default="")
    stopped = models.CharField(max_length=300, blank=True, default="", db_default="")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "alert settings"

    def __str__(self) -> str:
        return f"alert settings of user {self.user_id}"

    @property
    def quiet(self) -> QuietHours | None:
        """By the trader's own time zone."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return QuietHours(self.quiet_from, self.quiet_until, ZoneInfo(self.user.time_zone))


class AlertDelivery(Outgoing):
    """The traders' outbox: each time that an alert fires is told, and told again while nobody acknowledges it."""

    alert = models.ForeignKey(TraderAlert, on_delete=models.CASCADE, related_name="deliveries")
    firing = models.PositiveIntegerField()
    ring = models.PositiveIntegerField()
    text = models.CharField(max_length=400)

    class Meta:
        verbose_name_plural = "alert deliveries"
        constraints = [models.UniqueConstraint(fields=["alert", "firing", "ring"], name="one_delivery_a_ring")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="due"), name="alert_deliveries_due")]

    def __str__(self) -> str:
        return f"{self.alert} told {self.ring + 1}×"
