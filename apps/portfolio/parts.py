"""Bookings of an account that follow each other, summed up once: what is booked never changes, so neither do its sums.

A part is bounded by ids, not by moments: fills that are imported later are of earlier moments, and in a later part.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from apps.market.fields import MoneyField, QuantityField


class LedgerPart(models.Model):
    """The bookings from `first` to `last`; their moments lie between `begins_at` and `ends_at`, both included."""

    account = models.ForeignKey("portfolio.Account", on_delete=models.CASCADE, related_name="ledger_parts")
    first = models.ForeignKey("portfolio.Journal", on_delete=models.PROTECT, related_name="+")
    last = models.ForeignKey("portfolio.Journal", on_delete=models.PROTECT, related_name="+")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "last"], name="one_ledger_part_to_a_booking")]

    def __str__(self) -> str:
        return f"{self.first_id} to {self.last_id}"


class PartSum(models.Model):
    """The bookings of a part of one instrument and kind: their quantities, how many lines of cash they have, and the
    sum of the lines of each book (USD, as in the ledger: debit positive)."""

    part = models.ForeignKey(LedgerPart, on_delete=models.CASCADE, related_name="sums")
    instrument = models.ForeignKey("market.Instrument", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20)
    quantity = QuantityField(default=Decimal(0))
    cash_lines = models.PositiveIntegerField(default=0)
    cash = MoneyField(default=Decimal(0))
    securities = MoneyField(default=Decimal(0))
    realized = MoneyField(default=Decimal(0))
    commission = MoneyField(default=Decimal(0))
    dividends = MoneyField(default=Decimal(0))
    interest = MoneyField(default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["part", "instrument", "kind"], name="one_part_sum_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.part_id}"
