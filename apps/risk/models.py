"""The limits on orders: one row of the whole desk, and one of each account that differs from it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.market.fields import MoneyField, PercentField, QuantityField
from apps.portfolio.models import Account

from .names import LABELS

NUMBERS = (
    "position_qty",
    "position_usd",
    "position_pct",
    "exposure_usd",
    "exposure_pct",
    "day_loss",
    "drawdown_pct",
    "price_band_pct",
)


class RiskLimits(models.Model):
    """Without an account it is the desk's. What is empty bounds nothing; in an account's row the desk's holds."""

    account = models.OneToOneField(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="risk_limits",
        help_text="Empty: the whole desk, wherever an account has no limit of its own.",
    )
    halted = models.BooleanField(
        "stop new orders",
        default=False,
        help_text="The kill switch, from the next order on. Cancelling stays possible; working orders go on.",
    )
    halt_reason = models.CharField(
        "reason", max_length=160, blank=True, help_text="Traders read it at every order that is refused."
    )
    position_qty = QuantityField("largest position (shares)", null=True, blank=True, help_text="Of one symbol.")
    position_usd = MoneyField("largest position (USD)", null=True, blank=True, help_text="Of one symbol, at its mark.")
    position_pct = PercentField(
        "largest position (% of equity)", null=True, blank=True, help_text="Of one symbol, at its mark."
    )
    exposure_usd = MoneyField(
        "largest exposure (USD)", null=True, blank=True, help_text="All positions and working buys together."
    )
    exposure_pct = PercentField(
        "largest exposure (% of equity)",
        null=True,
        blank=True,
        help_text="All positions and working buys together.",
    )
    orders_per_minute = models.PositiveIntegerField("orders per minute", null=True, blank=True)
    day_loss = MoneyField(
        "largest loss of a day (USD)", null=True, blank=True, help_text="Beyond it only sells are taken."
    )
    drawdown_pct = PercentField(
        "largest fall from the best (%)",
        null=True,
        blank=True,
        help_text="Beyond it only sells are taken.",
    )
    price_band_pct = PercentField(
        "price band (%)", null=True, blank=True, help_text="How far a limit or stop price may be from the quote."
    )
    allowed_symbols = models.TextField("allow list", blank=True, help_text="Symbols; empty: every symbol.")
    barred_symbols = models.TextField(
        "deny list", blank=True, help_text="Symbols. The desk's are denied to every account."
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "risk limits"
        ordering = [F("account").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(
                Coalesce(F("account"), Value(0)),
                name="one_row_of_limits_each",
                violation_error_message="There is a row of the whole desk already; change that one.",
            ),
            models.CheckConstraint(
                condition=Q(halted=False) | ~Q(halt_reason=""),
                name="halt_says_why",
                violation_error_message="Say why: traders read the reason.",
            ),
            *(
                models.CheckConstraint(condition=Q(**{f"{name}__gte": 0}), name=f"{name}_not_negative")
                for name in NUMBERS
            ),
        ]

    def __str__(self) -> str:
        return f"Limits of {self.account or 'the whole desk'}"


class OwnLimit(models.Model):
    """A limit that a trader has set. `value` holds; `next_value` will from `next_at` on, for it is looser."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="own_limits")
    name = models.CharField(max_length=24, choices=list(LABELS.items()))
    value = MoneyField(null=True, blank=True)
    next_value = MoneyField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["account", "name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="one_own_limit_a_name"),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0), name="own_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} of {self.account}"
