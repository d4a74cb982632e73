"""What accounts held back for working orders, kept: each change of it."""

from __future__ import annotations

from django.db import models

from apps.market.fields import MoneyField


class HoldChange(models.Model):
    """What an account holds back for orders that open `was` so much (USD) and is `reserved` from `at` on. The first of
    an account is of its opening.

    Ids rise as it was done, moments need not: who waits for the account's lock has looked at the clock before.
    """

    account = models.ForeignKey(
        "portfolio.Account", on_delete=models.CASCADE, related_name="hold_changes", db_index=False
    )
    was = MoneyField()
    reserved = MoneyField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="holds_of_a_moment"),
            models.Index(fields=["account", "-id"], name="holds_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.reserved} since {self.at:%Y-%m-%d %H:%M:%S}"
