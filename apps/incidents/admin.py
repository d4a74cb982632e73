"""Incidents in the admin: opened by alerts or by hand, told line by line, ended by whoever owns them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.audit.changes import turned

from . import services
from .models import Incident, Update
from .queries import mean_time_to_resolve

QUARTER = timedelta(days=90)


class Updates(admin.TabularInline):  # type: ignore[type-arg]
    """What was said stays said: lines are added, never changed."""

    model = Update
    extra = 1
    fields = ("at", "words", "public")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Incident)
class IncidentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "grade", "opened_at", "resolved_at", "lasted", "owner", "public")
    list_filter = ("grade", ("resolved_at", admin.EmptyFieldListFilter), "public")
    search_fields = ("title", "words", "post_mortem")
    autocomplete_fields = ("owner",)
    date_hierarchy = "opened_at"
    inlines = (Updates,)
    actions = ("resolve",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"opened_at": timezone.now(), "owner": request.user.pk}

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for update in formset.save(commit=False):
            update.author = request.user
            update.save()
        formset.save_m2m()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the mean time to resolve of the last ninety days."""
        mean = mean_time_to_resolve(timezone.now() - QUARTER)
        words = "no incident ended in the last 90 days" if mean is None else f"{mean.total_seconds() / 60:.0f} min"
        title = {"title": f"Incidents; mean time to resolve, 90 days: {words}"}
        return super().changelist_view(request, {**(extra_context or {}), **title})

    @admin.action(description="Resolve", permissions=["change"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[Incident]) -> None:
        rows, now = [each for each in chosen if each.resolved_at is None], timezone.now()
        done = services.resolve(rows, request.user, now)
        for incident in rows:
            self.log_change(request, incident, turned("Resolved", None, now))
        self.message_user(request, f"{done} incident{'' if done == 1 else 's'} resolved.")
