"""Accounts, ledger and positions in the admin: to read, except that an account is opened and funded here."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.audit.changes import turned
from apps.desk.currency import BASE

from . import services
from .corporate import paid_in
from .corporate_forms import CorporateActionForm
from .models import (
    Account,
    CorporateAction,
    EquityPoint,
    Journal,
    KindChange,
    LedgerCheck,
    LedgerEntry,
    Lot,
    Position,
    SessionEquity,
)

Move = Callable[[Account, Decimal, str, str], Journal]


class ReadOnly:
    """Nothing is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class PositionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Position
    extra = 0
    show_change_link = True


class LotInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Lot
    extra = 0


class EntryInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = LedgerEntry
    extra = 0


class KindChangeInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = KindChange
    extra = 0


class CashForm(forms.Form):
    """`ref` makes what is sent twice one booking."""

    amount = forms.DecimalField(
        label="Amount (USD)", min_value=Decimal("0.01"), max_value=services.LARGEST_DEPOSIT, decimal_places=2
    )
    memo = forms.CharField(max_length=120, initial="Paper cash")
    ref = forms.UUIDField(widget=forms.HiddenInput)


SHOWN = ("user", "name", "kind", "cost_method", "currency", "cash", "reserved", "interest", "opened_at")


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "name", "kind", "cost_method", "cash", "reserved", "currency", "opened_at")
    list_filter = ("kind", "opened_at")
    search_fields = ("user__username", "user__display_name", "name")
    list_select_related = ("user",)
    actions = ["deposit", "withdraw"]

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> list[Any]:
        return ["user"] if obj is None else list(SHOWN)

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> list[Any]:
        return [] if obj is None else self.get_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> list[Any]:
        return [] if obj is None else [PositionInline, KindChangeInline]

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if not change:
            obj.pk = services.open_account(obj.user).pk
            obj.refresh_from_db()

    @admin.action(description="Deposit paper cash", permissions=["change"])
    def deposit(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        return self.move(request, queryset, "deposit", services.deposit)

    @admin.action(description="Withdraw paper cash", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        return self.move(request, queryset, "withdrawal", services.withdraw)

    def move(self, request: HttpRequest, chosen: QuerySet[Account], kind: str, book: Move) -> HttpResponse | None:
        """Asks for the amount, then books it for each chosen account: for all of them or for none."""
        sent = "amount" in request.POST
        form = CashForm(request.POST) if sent else CashForm(initial={"ref": uuid.uuid4()})
        if sent and form.is_valid():
            amount, memo, ref = (form.cleaned_data[name] for name in ("amount", "memo", "ref"))
            try:
                with transaction.atomic():
                    for account in chosen.select_for_update(of=("self",)).order_by("pk"):
                        before, booked = account.cash, book(account, amount, f"{kind}:{ref}:{account.pk}", memo)
                        account.refresh_from_db()
                        if account.cash != before:  # sent twice, booked once
                            words = f"{kind.capitalize()} {amount:,.2f} USD ({booked.memo}), "
                            self.log_change(
                                request, account, words + turned("cash", f"{before:,.2f}", f"{account.cash:,.2f}")
                            )
            except services.NotAvailable as error:
                form.add_error("amount", f"{error}; nothing was booked")
            else:
                messages.success(
                    request, f"{kind.capitalize()} of {amount:,.2f} USD booked for {len(chosen)} account(s)"
                )
                return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{kind.capitalize()} of paper cash",
            "accounts": chosen,
            "form": form,
            "kind": kind,
            "action": request.POST["action"],
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "portfolio/admin_cash.html", context)


@admin.register(Journal)
class JournalAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "account", "in_words", "kind", "ref")
    list_filter = ("kind", "at")
    search_fields = ("ref", "memo", "account__user__username", "instrument__symbol")
    list_select_related = ("account__user", "instrument")
    inlines = [EntryInline]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("journal", "account", "book", "amount")
    list_filter = ("book", "journal__at")
    search_fields = ("journal__ref", "journal__memo", "journal__account__user__username")
    list_select_related = ("journal__account__user",)

    @admin.display(ordering="journal__account")
    def account(self, entry: LedgerEntry) -> Account:
        return entry.journal.account


@admin.register(Position)
class PositionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("account", "instrument", "quantity", "reserved", "cost", "realized_pnl", "commission")
    list_filter = ("instrument",)
    search_fields = ("account__user__username", "instrument__symbol")
    list_select_related = ("account__user", "instrument")
    inlines = [LotInline]


@admin.register(Lot)
class LotAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("position", "quantity", "price", "cost", "opened_at", "exec_id")
    list_filter = ("opened_at",)
    search_fields = ("exec_id", "position__account__user__username", "position__instrument__symbol")
    list_select_related = ("position__account__user", "position__instrument")


@admin.register(EquityPoint)
class EquityPointAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("account", "at", "equity")
    list_filter = ("at",)
    search_fields = ("account__user__username",)
    list_select_related = ("account__user",)


@admin.register(SessionEquity)
class SessionEquityAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("account", "session_date", "equity", "flow", "realized", "fees", "unrealized")
    list_filter = ("session_date",)
    search_fields = ("account__user__username",)
    list_select_related = ("account__user",)


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "wrong", "found")


@admin.register(CorporateAction)
class CorporateActionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The desk applies them within a minute of their ex-date's session; until then they may be taken back. None is
    ever undone: an old symbol stays its instrument's."""

    form = CorporateActionForm
    list_display = ("instrument", "kind", "ex_date", "new", "old", "amount", "currency", "new_symbol", "state")
    list_filter = ("kind", "ex_date")
    search_fields = ("instrument__symbol",)
    list_select_related = ("instrument",)

    @admin.display(description="State")
    def state(self, action: CorporateAction) -> str:
        if action.applied_at:
            return f"Applied {action.applied_at:%Y-%m-%d %H:%M} UTC"
        if action.refused:
            return f"Refused: {action.refused}"
        is_said = action.kind == CorporateAction.Kind.SYMBOL or paid_in(action) == BASE
        return "Waits for its day" if is_said else f"Waits for its day and a fresh rate of {paid_in(action)}"

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return obj is None and super().has_change_permission(request, None)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        waits = obj is None or (
            isinstance(obj, CorporateAction) and obj.applied_at is None and not obj.journals.exists()
        )
        return waits and super().has_delete_permission(request, obj)
