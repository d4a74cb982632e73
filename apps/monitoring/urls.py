from __future__ import annotations

from django.urls import path

from . import views

app_name = "monitoring"
urlpatterns = [
    path("health", views.health, name="health"),
    path("api", views.api, name="api"),
    path("api/openapi.json", views.openapi, name="openapi"),
]
