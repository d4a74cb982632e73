"""Watchlists in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from .models import WatchedSymbol, Watchlist


class WatchedSymbolInline(admin.TabularInline):  # type: ignore[type-arg]
    model = WatchedSymbol
    autocomplete_fields = ["instrument"]
    extra = 0


@admin.register(Watchlist)
class WatchlistAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "user", "symbol_count", "rank")
    list_filter = ("user__is_staff",)
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__display_name", "symbols__instrument__symbol")
    autocomplete_fields = ["user"]
    inlines = [WatchedSymbolInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Watchlist]:
        rows: QuerySet[Watchlist] = super().get_queryset(request).annotate(symbol_count=Count("symbols"))
        return rows

    @admin.display(description="Symbols", ordering="symbol_count")
    def symbol_count(self, watchlist: Any) -> int:
        return int(watchlist.symbol_count)
