from __future__ import annotations

from django.urls import path

from . import views

app_name = "alerts"
urlpatterns = [
    path("", views.operations, name="operations"),
    path("curves.json", views.curves_json, name="curves"),
    path("transport/", views.transport, name="transport"),
    path("trading/", views.trading, name="trading"),
]
