"""Orders, fills and the lease for admins: to read, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import DeskLease, Fill, Order


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Only services write: an edit by hand would part orders from the ledger."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FillsOfOrder(admin.TabularInline):  # type: ignore[type-arg]
    model = Fill
    fields = ("exec_id", "last_qty", "last_px", "commission", "liquidity", "policy", "bid", "ask", "at")
    readonly_fields = fields
    can_delete = False
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Order)
class OrderAdmin(ReadOnly):
    list_display = (
        "created_at",
        "account",
        "instrument",
        "side",
        "order_type",
        "quantity",
        "cum_qty",
        "avg_px",
        "status",
        "client_order_id",
    )
    list_display_links = ("created_at", "client_order_id")
    list_filter = ("status", "side", "order_type", "time_in_force", "created_at")
    list_select_related = ("account__user", "instrument")
    search_fields = ("id", "client_order_id", "instrument__symbol", "account__user__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (FillsOfOrder,)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A user's page leads to the user's orders."""
        return lookup == "account__user__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


@admin.register(Fill)
class FillAdmin(ReadOnly):
    list_display = ("at", "order", "last_qty", "last_px", "commission", "liquidity", "exec_id")
    list_display_links = ("at", "exec_id")
    list_filter = ("liquidity", "policy", "at")
    list_select_related = ("order",)
    search_fields = (
        "exec_id",
        "order__client_order_id",
        "order__instrument__symbol",
        "order__account__user__username",
    )
    date_hierarchy = "at"


@admin.register(DeskLease)
class DeskLeaseAdmin(ReadOnly):
    list_display = ("holder", "until")
