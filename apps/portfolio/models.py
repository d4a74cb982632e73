"""What a trader owns: account, ledger, positions, lots."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.desk.currency import BASE
from apps.desk.position import CostMethod
from apps.market.fields import MoneyField, PriceField, QuantityField
from apps.market.models import Instrument
from apps.market.templatetags.figures import price, qty

from .holds import HoldChange
from .kinds import called
from .parts import LedgerPart, PartSum
from .worth import EquityPoint, HighWater, LedgerCheck, SessionEquity

__all__ = [
    "Account",
    "AccountKind",
    "CorporateAction",
    "EquityPoint",
    "HighWater",
    "HoldChange",
    "Journal",
    "KindChange",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerPart",
    "Lot",
    "PartSum",
    "Position",
    "SessionEquity",
]


class AccountKind(models.TextChoices):
    CASH = "cash", "Cash"
    MARGIN = "margin", "Margin"


class Account(models.Model):
    """A paper account. `cash` is the sum of its cash lines, below zero when it is borrowed; `reserved` is held back
    for orders that open (USD): on margin their initial margin.

    `interest` came in so far, below zero when more was paid; what is borrowed has paid up to `interest_until`.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="account")
    name = models.CharField(max_length=60, default="Paper")
    currency = models.CharField(max_length=3, default="USD")
    kind = models.CharField(
        max_length=6, choices=AccountKind.choices, default=AccountKind.CASH, db_default=AccountKind.CASH
    )
    cost_method = models.CharField(
        max_length=7,
        choices=[(method.value, method.label) for method in CostMethod],
        default=CostMethod.FIFO.value,
        db_default=CostMethod.FIFO.value,
    )
    cash = MoneyField(default=Decimal(0))
    reserved = MoneyField(default=Decimal(0))
    interest = MoneyField(default=Decimal(0), db_default=Decimal(0))
    opened_at = models.DateTimeField()
    interest_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cash__gte=0) | Q(kind="margin"), name="cash_not_borrowed"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("cash")) | Q(kind="margin"), name="reserved_within_own_cash"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def on_margin(self) -> bool:
        return self.kind == AccountKind.MARGIN


class KindChange(models.Model):
    """From `at` on the account was of `kind`, and before it of the kind that it `was`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="kind_changes")
    was = models.CharField(max_length=6, choices=AccountKind.choices)
    kind = models.CharField(max_length=6, choices=AccountKind.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["account", "at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} since {self.at:%Y-%m-%d %H:%M}"


class Journal(models.Model):
    """One balanced booking. `ref` is the fact it books (an execution id, a deposit id) and books it once.

    A fill's says what moved: `quantity` in shares, a sell negative; `session_date` is the day it counts to.
    A split's `quantity` is how many shares more there are. `equity_before` (USD) is what the account was worth the
    moment before money came from outside or left.
    A fill in another `currency` says what a unit of it was worth (`rate`, USD), the `local_amount` of it that was
    paid, below zero, or fetched, and what of it closed shares had earned (`local_realized`); a dividend the first
    three.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="journals")
    ref = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20)
    memo = models.CharField(max_length=160, blank=True)
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, null=True, blank=True, related_name="journals"
    )
    quantity = QuantityField(default=Decimal(0))
    price = PriceField(null=True, blank=True)
    currency = models.CharField(max_length=3, default=BASE, db_default=BASE)
    rate = PriceField(null=True, blank=True)
    local_amount = MoneyField(null=True, blank=True)
    local_realized = MoneyField(null=True, blank=True)
    session_date = models.DateField(null=True, blank=True)
    equity_before = MoneyField(null=True, blank=True)
    corporate_action = models.ForeignKey(
        "portfolio.CorporateAction", on_delete=models.PROTECT, null=True, blank=True, related_name="journals"
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="journals_newest_first"),
            models.Index(fields=["account", "session_date"], name="journals_of_a_session"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def in_words(self) -> str:
        """ "Buy 10 AAPL at 150.25", or the memo."""
        if self.memo or self.instrument is None or self.price is None:
            return self.memo or called(self.kind)
        traded = f"{qty(abs(self.quantity))} {self.instrument.symbol} at {price(self.price)}"
        return f"{called(self.kind)} {traded}{self.at_rate}"

    def tell_local(self, currency: str, rate: Decimal, amount: Decimal, realized: Decimal | None = None) -> None:
        """What was paid or got in the share's own currency, and realized in it; of USD there is nothing to tell."""
        if currency != BASE:
            self.currency, self.rate, self.local_amount, self.local_realized = currency, rate, amount, realized

    @property
    def at_rate(self) -> str:
        """ " EUR, 1.0845 USD each", of another currency; else nothing."""
        return "" if self.rate is None else f" {self.currency}, {self.rate.normalize():f} USD each"


class CorporateAction(models.Model):
    """What a company does to its shares, from the session of `ex_date` on: a split of `new` for `old` shares, with
    `in_lieu` (a new share) for what is no whole lot, a dividend of `amount` (a share), both in `currency`, or a
    `new_symbol`; then `old_symbol` is the one before, once it is applied."""

    class Kind(models.TextChoices):
        SPLIT = "split", "Split"
        DIVIDEND = "dividend", "Dividend"
        SYMBOL = "symbol", "Symbol change"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="corporate_actions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    ex_date = models.DateField("ex-date")
    new = models.PositiveIntegerField("new shares", null=True, blank=True)
    old = models.PositiveIntegerField("for old shares", null=True, blank=True)
    in_lieu = PriceField("cash in lieu (a new share)", null=True, blank=True)
    amount = PriceField("amount (a share)", null=True, blank=True)
    currency = models.CharField(max_length=3, default=BASE, db_default=BASE)
    new_symbol = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Of a symbol change, which is for good: nothing else is ever called by the old one, nor this again.",
    )
    old_symbol = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    refused = models.CharField(max_length=200, blank=True, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "kind", "ex_date"], name="one_action_of_a_kind_a_day")
        ]
        ordering = ["-ex_date", "-id"]

    def __str__(self) -> str:
        what = {
            self.Kind.SPLIT: f"{self.new} for {self.old} split",
            self.Kind.SYMBOL: f"becomes {self.new_symbol}",
        }.get(self.Kind(self.kind), f"dividend {self.amount} {self.currency}")
        return f"{self.old_symbol or self.instrument.symbol} {what}, {self.ex_date}"


class LedgerEntry(models.Model):
    """One line of a journal: debit positive, credit negative; the lines of a journal sum to zero."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    book = models.CharField(max_length=20)
    amount = MoneyField()

    class Meta:
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.book} {self.amount}"


class Position(models.Model):
    """Shares held of one instrument, below zero those owed. `cost` (USD) is what its lots cost, below zero what they
    fetched, `local_cost` the same in the instrument's own currency where that is another; `reserved` shares are held
    back for orders that close."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="positions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="positions")
    quantity = QuantityField(default=Decimal(0))
    reserved = QuantityField(default=Decimal(0))
    cost = MoneyField(default=Decimal(0))
    local_cost = MoneyField(default=Decimal(0), db_default=Decimal(0))
    realized_pnl = MoneyField(default=Decimal(0))
    commission = MoneyField(default=Decimal(0))
    dividends = MoneyField(default=Decimal(0), db_default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "instrument"], name="one_position_an_instrument"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="held_back_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("quantity")) | Q(reserved__lte=-F("quantity")),
                name="reserved_within_position",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.instrument_id}"


class Lot(models.Model):
    """Shares opened by one execution and still open, short ones below zero. `price` and `local_cost` are in the
    instrument's currency where that is not USD, `rate` is what a unit of it was worth then (USD)."""

    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="lots")
    exec_id = models.CharField(max_length=80, unique=True)
    quantity = QuantityField()
    cost = MoneyField()
    price = PriceField()
    rate = PriceField(default=Decimal(1), db_default=Decimal(1))
    local_cost = MoneyField(default=Decimal(0), db_default=Decimal(0))
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["opened_at", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} @ {self.price}"
