"""What accounts were worth, kept: each minute, at each close, at its best; and when the books were last looked at."""

from __future__ import annotations

from django.db import models

from apps.market.fields import MoneyField


class EquityPoint(models.Model):
    """What the account was worth at a minute (USD)."""

    account = models.ForeignKey("portfolio.Account", on_delete=models.CASCADE, related_name="equity_points")
    at = models.DateTimeField()
    equity = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="one_equity_point_a_minute")]
        ordering = ["account", "at"]

    def __str__(self) -> str:
        return f"{self.equity} at {self.at:%Y-%m-%d %H:%M}"


class HighWater(models.Model):
    """The most that an account had earned in all at any minute (USD): realised and unrealised P&L after fees."""

    account = models.OneToOneField("portfolio.Account", on_delete=models.CASCADE, related_name="high_water")
    pnl = MoneyField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pnl} at {self.at:%Y-%m-%d %H:%M}"


class SessionEquity(models.Model):
    """What the account was worth when a session had ended (USD), and how far the books had come: written once.

    `flow` came from outside since the close before, less what left; `realized` (with dividends and interest), `fees`
    and `unrealized` are since the account was opened. Deposits less withdrawals + realised - fees + unrealised P&L =
    equity.

    `stale_value` is what of the equity rested on old or missing prices; `risk_free` (a year's, 0.05 is five per cent)
    and `sessions_a_year` are what the desk measured by then. All three are null of closes from before they were kept.
    """

    account = models.ForeignKey("portfolio.Account", on_delete=models.CASCADE, related_name="session_equities")
    session_date = models.DateField()
    at = models.DateTimeField()
    equity = MoneyField()
    flow = MoneyField()
    realized = MoneyField()
    fees = MoneyField()
    unrealized = MoneyField()
    last_journal = models.ForeignKey("portfolio.Journal", on_delete=models.PROTECT, null=True, related_name="+")
    stale_value = MoneyField(null=True)
    risk_free = models.DecimalField(max_digits=20, decimal_places=18, null=True)
    sessions_a_year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "session_date"], name="one_close_a_session")]
        ordering = ["account", "session_date"]
        verbose_name_plural = "session equities"

    def __str__(self) -> str:
        return f"{self.equity} at the close of {self.session_date:%Y-%m-%d}"


class LedgerCheck(models.Model):
    """One row: what the last look at every invariant found. `found` names those that do not hold, with ids."""

    at = models.DateTimeField()
    wrong = models.PositiveBigIntegerField()
    found = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.wrong} wrong at {self.at:%Y-%m-%d %H:%M}"
