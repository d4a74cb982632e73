"""Users, where they are signed in and their second factors in the admin, behind the desk's own sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.whole import apart

from . import queries, services
from .forms import ReasonForm
from .models import User
from .staff import from_known_networks, second_factor_first

View = Callable[..., HttpResponseBase]
admin.site.site_header = admin.site.site_title = "Livedesk admin"
admin.site.index_title = "Users, orders, ledger"
admin.site.login = from_known_networks(secure_admin_login(admin.site.login))  # type: ignore[method-assign, assignment]
for unused in (SocialApp, SocialToken, EmailAddress, SocialAccount, UserSession, Authenticator):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)
plain_admin_view = admin.site.admin_view


@wraps(plain_admin_view)
def guarded_admin_view(view: View, cacheable: bool = False) -> View:
    """Every page of the admin but its login goes through here; whence, and the second factor, are asked for first."""
    return from_known_networks(second_factor_first(plain_admin_view(view, cacheable)))


admin.site.admin_view = guarded_admin_view  # type: ignore[method-assign, assignment]


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
    """Active is nothing to tick: who ceases to be is suspended, with all that belongs to it."""

    list_display = ("username", "display_name", "email", "is_staff", "is_active", "last_login", "links")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "date_joined")
    search_fields = ("username", "display_name", "email", "socialaccount__uid")
    readonly_fields = ("username", "avatar_url", "is_active", "last_login", "date_joined", "links")
    inlines = [DiscordInline]
    actions = ("suspend", "reinstate")
    change_form_template = "accounts/admin_user.html"
    fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "avatar_url", "time_zone", "links"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        asked = path("<int:user_id>/access/", self.admin_site.admin_view(self.access), name="accounts_user_access")
        rest = [each for each in super().get_urls() if each.name != "auth_user_password_change"]  # nobody has one
        return [asked, *rest]

    def access(self, request: HttpRequest, user_id: int) -> HttpResponseBase:
        """Suspends one user, or reinstates who is suspended, from the user's own page."""
        user = self.get_object(request, str(user_id))
        if user is None:
            raise Http404("No such user")
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        what = request.POST.get("action", "suspend" if user.is_active else "reinstate")
        if what not in {"suspend", "reinstate"}:
            raise Http404("No such action")
        back = reverse("admin:accounts_user_change", args=[user.pk])
        return self.ask(request, User.objects.filter(pk=user.pk), what, back) or redirect(back)

    @apart
    @admin.action(description="Suspend: sign out everywhere, cancel orders", permissions=["change"])
    def suspend(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        return self.ask(request, chosen, "suspend", reverse("admin:accounts_user_changelist"))

    @apart
    @admin.action(description="Reinstate", permissions=["change"])
    def reinstate(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        return self.ask(request, chosen, "reinstate", reverse("admin:accounts_user_changelist"))

    def ask(self, request: HttpRequest, chosen: QuerySet[User], what: str, back: str) -> HttpResponse | None:
        """Asks for the reason, then does it; None once it is done."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            for user in chosen.order_by("pk"):
                self.decide(request, user, what, form.cleaned_data["reason"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Suspend" if what == "suspend" else "Reinstate",
            "people": chosen,
            "form": form,
            "action": what,
            "back": back,
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "accounts/admin_access.html", context)

    def decide(self, request: HttpRequest, user: User, what: str, reason: str) -> None:
        by: Any = request.user
        try:
            with transaction.atomic():
                suspends = what == "suspend"
                done = (
                    services.suspend(user, by, reason, timezone.now())
                    if suspends
                    else services.reinstate(user, by, reason)
                )
                if done:
                    self.log_change(request, user, done)
        except services.NotPossible as error:
            messages.error(request, f"{user}: {error}")
        else:
            messages.success(request, f"{user}: {done or 'nothing to do'}")

    @admin.display(description="Of this user")
    def links(self, user: User) -> SafeString:
        """To the rows of this user in other apps, by the names of their admin pages, and to the open sockets."""
        pages = {
            "account": ("admin:portfolio_account_changelist", "user__id__exact"),
            "orders": ("admin:trades_order_changelist", "account__user__id__exact"),
            "watchlists": ("admin:watchlist_watchlist_changelist", "user__id__exact"),
            "sessions": ("admin:usersessions_usersession_changelist", "user__id__exact"),
            "connections": ("monitoring:connections", "user"),
        }
        html = SafeString("")
        for label, (page, field) in pages.items():
            try:
                address = reverse(page, query={field: user.pk})
            except NoReverseMatch:
                continue
            html += format_html('<a href="{}">{}</a> ', address, label)
        return html


class OnlyEnds(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that the desk makes; an admin may look at them, and end them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: each for name, each in super().get_actions(request).items() if name != "delete_selected"}

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def end_all(self, request: HttpRequest, rows: Iterable[Any]) -> int:
        """Ends them, and keeps what they were."""
        ended = list(rows)
        with transaction.atomic():
            self.log_deletions(request, ended)  # type: ignore[arg-type]
            for row in ended:
                self.delete_model(request, row)
        return len(ended)


@admin.register(UserSession)
class SessionAdmin(OnlyEnds):
    """Where people are signed in. Ending a row signs that browser out and closes its sockets."""

    list_display = ("user", "created_at", "last_seen_at", "device", "ip")
    list_filter = ("created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__display_name", "ip")
    ordering = ("-last_seen_at", "-pk")
    fields = readonly_fields = ("user", "created_at", "last_seen_at", "device", "ip", "user_agent")
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserSession]:
        return queries.lasting(super().get_queryset(request))

    @admin.display(description="Device")
    def device(self, session: UserSession) -> str:
        return queries.browser_of(session.user_agent)

    @admin.action(description="End: sign out there", permissions=["delete"])
    def end(self, request: HttpRequest, chosen: QuerySet[UserSession]) -> None:
        done = self.end_all(request, chosen)
        self.message_user(request, f"{done} session{'' if done == 1 else 's'} ended.")

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        obj.end()


@admin.register(Authenticator)
class SecondFactorAdmin(OnlyEnds):
    """Delete the rows of who has lost the app and the recovery codes; the secrets are not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__display_name")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")


@admin.register(SocialAccount)
class DiscordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who signs in as whom comes from Discord: nothing to change by hand."""

    list_display = fields = readonly_fields = ("user", "provider", "uid", "last_login", "date_joined")
    list_select_related = ("user",)
    search_fields = ("uid", "user__username", "user__display_name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
