from __future__ import annotations

from django.urls import path

from . import receipt_views, terms_views, views

app_name = "portfolio"

urlpatterns = [
    path("", views.portfolio, name="portfolio"),
    path("performance/", views.performance, name="performance"),
    path("performance.json", views.performance_curve, name="performance_curve"),
    path("receipts/<slug:name>/", receipt_views.receipt, name="receipt"),
    path("terms/", terms_views.account_terms, name="terms"),
    path("ledger/", views.ledger, name="ledger"),
    path("equity.json", views.equity, name="equity"),
]
