"""Users and their sessions in the admin, behind the desk's own sign-in."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .models import User

admin.site.site_header = admin.site.site_title = "Livedesk admin"
admin.site.index_title = "Users, orders, ledger"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
for unused in (SocialApp, SocialToken, EmailAddress):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)
if admin.site.is_registered(UserSession):
    admin.site.unregister(UserSession)


class DiscordInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SocialAccount
    fields = readonly_fields = ("provider", "uid", "last_login", "date_joined")
    extra = 0
    can_delete = False
    verbose_name_plural = "signs in by"

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(User)
class TraderAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "email", "is_staff", "is_active", "last_login", "links")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "date_joined")
    search_fields = ("username", "display_name", "email", "socialaccount__uid")
    readonly_fields = ("username", "avatar_url", "last_login", "date_joined", "links")
    inlines = [DiscordInline]
    fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "avatar_url", "time_zone", "links"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.display(description="Of this user")
    def links(self, user: User) -> SafeString:
        """To the rows of this user in other apps, by the names of their admin pages."""
        pages = {
            "account": ("portfolio_account", "user__id__exact"),
            "orders": ("trades_order", "account__user__id__exact"),
            "watchlists": ("watchlist_watchlist", "user__id__exact"),
            "sessions": ("usersessions_usersession", "user__id__exact"),
        }
        html = SafeString("")
        for label, (page, field) in pages.items():
            try:
                address = reverse(f"admin:{page}_changelist", query={field: user.pk})
            except NoReverseMatch:
                continue
            html += format_html('<a href="{}">{}</a> ', address, label)
        return html


@admin.register(UserSession)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Where people are signed in. Deleting a row signs that browser out."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_filter = ("created_at",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__display_name", "ip")
    fields = readonly_fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        for session in queryset:
            session.end()
