from __future__ import annotations

from django.urls import path

from . import views

app_name = "portfolio"

urlpatterns = [
    path("", views.portfolio, name="portfolio"),
    path("performance/", views.performance, name="performance"),
    path("performance.json", views.performance_curve, name="performance_curve"),
    path("ledger/", views.ledger, name="ledger"),
    path("equity.json", views.equity, name="equity"),
]
