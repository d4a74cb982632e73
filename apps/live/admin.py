"""Switches and notices; what an admin saves here is on every open page within seconds, and in the admin's own log."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from .models import Notice, Switch
from .notices import tell_all


@admin.register(Switch)
class SwitchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Delete a row to give the environment the word again."""

    list_display = ("name", "on", "share", "changed_at", "otherwise")
    fields = ("name", "on", "share", "otherwise")
    readonly_fields = ("otherwise",)

    @admin.display(description="Without this row, by the environment")
    def otherwise(self, switch: Switch) -> str:
        return f"on for {settings.LIVE_WS_SHARE} %" if settings.LIVE_WS else "off"


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Every open page is told of each change; see `tell_all`."""

    list_display = ("text", "level", "starts_at", "ends_at", "is_shown")
    list_filter = ("level", "starts_at")
    search_fields = ("text",)

    @admin.display(boolean=True, description="On the pages now")
    def is_shown(self, notice: Notice) -> bool:
        now = timezone.now()
        return notice.starts_at <= now and (notice.ends_at is None or now < notice.ends_at)

    def save_model(self, request: HttpRequest, obj: Notice, form: ModelForm[Notice], change: bool) -> None:
        super().save_model(request, obj, form, change)
        tell_all("changed" if change else "published", obj)

    def delete_model(self, request: HttpRequest, obj: Notice) -> None:
        tell_all("withdrawn", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        for notice in queryset:
            self.delete_model(request, notice)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"level": Notice.Level.WARNING, **super().get_changeform_initial_data(request)}
