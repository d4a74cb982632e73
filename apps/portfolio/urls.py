from __future__ import annotations

from django.urls import path

from . import views

app_name = "portfolio"

urlpatterns = [
    path("", views.portfolio, name="portfolio"),
    path("ledger/", views.ledger, name="ledger"),
    path("equity.json", views.equity, name="equity"),
]
