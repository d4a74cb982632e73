"""Limits and kill switches in the admin; its history says who changed what from what to what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.audit.changes import turned

from . import services
from .forms import LimitsForm
from .models import OwnLimit, RiskLimits
from .names import MOST
from .own import said as said_of


@admin.register(RiskLimits)
class RiskLimitsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A row is never deleted, so that its history stays: empty what shall not hold any more."""

    form = LimitsForm
    list_display = ("whose", "halted", "halt_reason", *MOST, "set_by", "set_at")
    list_filter = ("halted",)
    list_select_related = ("account__user", "set_by")
    search_fields = ("account__user__username", "account__user__display_name", "halt_reason")
    autocomplete_fields = ("account",)
    readonly_fields = ("set_by", "set_at")
    fieldsets = [
        (None, {"fields": ["account", "seen"]}),
        ("Kill switch", {"fields": ["halted", "halt_reason"]}),
        ("Limits", {"fields": [*MOST]}),
        ("Symbols", {"fields": ["allowed_symbols", "barred_symbols"]}),
        ("Last set", {"fields": ["set_by", "set_at"]}),
    ]

    @admin.display(description="Of", ordering="account")
    def whose(self, limits: RiskLimits) -> str:
        return str(limits.account or "The whole desk")

    def has_delete_permission(self, request: HttpRequest, obj: RiskLimits | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RiskLimits | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("account", *self.readonly_fields)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in MOST:
            kwargs |= {"min_value": 0, "max_value": MOST[db_field.name]}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: RiskLimits, form: Any, change: bool) -> None:
        services.save_limits(obj, request.user)  # type: ignore[arg-type]


@admin.register(OwnLimit)
class OwnLimitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Traders set these; an admin may only spare them the wait."""

    list_display = ("account", "name", "value", "next_value", "next_at", "set_at")
    list_filter = ("name",)
    list_select_related = ("account__user",)
    search_fields = ("account__user__username", "account__user__display_name")
    actions = ("loosen_now",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OwnLimit | None = None) -> bool:
        """The list, for its action; no row can be edited."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: OwnLimit | None = None) -> bool:
        return False

    @admin.action(description="Let what waits hold now", permissions=["change"])
    def loosen_now(self, request: HttpRequest, chosen: QuerySet[OwnLimit]) -> None:
        rows = list(chosen.select_related("account__user"))
        before = {row.pk: said_of(row) for row in rows}
        spared = services.loosen_now(rows, timezone.now())
        for row in spared:
            self.log_change(request, row, turned("Loosened now", before[row.pk], said_of(row)))
        self.message_user(request, f"{len(spared)} limit{'' if len(spared) == 1 else 's'} loosened.")
