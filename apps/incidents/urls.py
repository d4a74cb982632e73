from __future__ import annotations

from django.urls import path

from . import views

app_name = "incidents"
urlpatterns = [
    path("", views.status, name="status"),
    path("feed.atom", views.IncidentFeed(), name="feed"),
]
