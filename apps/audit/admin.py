"""The audit log in the admin: to be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("seq", "at", "kind", "actor", "said")
    list_filter = ("kind",)
    search_fields = ("actor", "kind")
    date_hierarchy = "at"

    @admin.display(description="Facts")
    def said(self, entry: Entry) -> str:
        return "; ".join(f"{name}: {text}" for name, text in entry.facts.items() if text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
