"""The market in the Django admin: what can be traded, in which parts, and its name; the rest is only shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.desk.money import plain

from . import services
from .models import Bar, FormerSymbol, Instrument, LastQuote, MarketState

MOST_RATE = 1000


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]
    lot_size = forms.DecimalField(
        required=False,
        decimal_places=8,
        help_text="A part of a share where parts may be traded, such as 0.001; never larger again.",
    )

    def clean_lot_size(self) -> Decimal:
        """What is held, and what waits, stays whole lots."""
        before: Decimal = self.instance.lot_size
        lot: Decimal | None = self.cleaned_data["lot_size"]
        if lot is not None and (lot <= 0 or before % lot):
            raise forms.ValidationError(
                f"Must go into {plain(before)} without a rest: what is held is a multiple of that"
            )
        return before if lot is None else lot

    def clean_borrow_rate(self) -> Decimal | None:
        rate: Decimal | None = self.cleaned_data["borrow_rate"]
        if rate is not None and not 0 <= rate <= MOST_RATE:
            raise forms.ValidationError(f"Must be from 0 to {MOST_RATE} % a year, or empty")
        return rate


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows and lets nobody add, change or delete one."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Instrument)
class InstrumentAdmin(ReadOnly):
    list_display = ["symbol", "name", "tradable", "calendar", "previous_close", "session_date"]
    list_filter = ["tradable"]
    search_fields = ["symbol", "name"]
    fields = [
        "symbol",
        "name",
        "tradable",
        "currency",
        "tick_size",
        "lot_size",
        "calendar",
        "borrow_rate",
        "previous_close",
        "session_open",
        "session_date",
    ]
    readonly_fields = [
        "symbol",
        "currency",
        "tick_size",
        "calendar",
        "previous_close",
        "session_open",
        "session_date",
    ]

    form = InstrumentForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("market.change_instrument")

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:
        services.save_instrument(obj)


@admin.register(FormerSymbol)
class FormerSymbolAdmin(ReadOnly):
    list_display = ["symbol", "instrument", "changed_on"]
    list_select_related = ["instrument"]
    search_fields = ["symbol", "instrument__symbol"]


@admin.register(LastQuote)
class LastQuoteAdmin(ReadOnly):
    list_display = ["instrument", "bid", "ask", "bid_size", "ask_size", "last", "venue_at", "received_at"]
    list_select_related = ["instrument"]
    search_fields = ["instrument__symbol", "instrument__name"]


@admin.register(Bar)
class BarAdmin(ReadOnly):
    list_display = ["instrument", "start", "open", "high", "low", "close", "volume"]
    list_select_related = ["instrument"]
    list_filter = ["instrument"]
    search_fields = ["=instrument__symbol"]
    date_hierarchy = "start"
    show_full_result_count = False


@admin.register(MarketState)
class MarketStateAdmin(ReadOnly):
    list_display = [
        "feed",
        "is_open",
        "reason",
        "session_date",
        "calendar",
        "phase",
        "changed_at",
        "beat_at",
        "last_quote_at",
    ]
