from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_safe

from . import views

app_name = "incidents"
urlpatterns = [
    path("", views.status, name="status"),
    path("feed.atom", require_safe(views.IncidentFeed()), name="feed"),
]
