"""Every page: one include per app."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.accounts.urls import settings_patterns

handler400 = "config.errors.unreadable"
handler404 = "config.errors.missing"
handler500 = "config.errors.broken"
urlpatterns = [
    path("", include("apps.home.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("settings/limits/", include("apps.risk.urls")),
    path("settings/", include(settings_patterns)),
    path("orders/", include("apps.trades.urls")),
    path("history/", include("apps.history.urls")),
    path("portfolio/", include("apps.portfolio.urls")),
    path("watchlist/", include("apps.watchlist.urls")),
    path("alerts/", include("apps.traderalerts.urls")),
    path("ops/", include("apps.alerts.urls")),
    path("status/", include("apps.incidents.urls")),
    path("symbols/", include("apps.market.urls")),
    path("", include("apps.usage.urls")),
    path("", include("apps.live.urls")),
    path("", include("apps.monitoring.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]
