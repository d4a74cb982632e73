"""Traders' alerts in the admin, to be read. An address is never shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import AlertDelivery, AlertSettings, TraderAlert


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Their owner's to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TraderAlert)
class TraderAlertAdmin(ReadOnly):
    list_display = ("user", "kind", "instrument", "threshold", "state", "crossed_at", "told_at", "acknowledged_at")
    list_filter = ("state", "kind")
    list_select_related = ("user", "instrument")
    search_fields = ("user__username", "user__display_name", "instrument__symbol")


@admin.register(AlertSettings)
class AlertSettingsAdmin(ReadOnly):
    list_display = ("user", "way", "quiet_from", "quiet_until")
    list_filter = ("way",)
    list_select_related = ("user",)
    exclude = ("webhook",)


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ReadOnly):
    list_display = ("alert", "firing", "ring", "state", "attempts", "due_at", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("alert__instrument",)
