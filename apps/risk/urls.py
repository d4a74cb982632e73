from __future__ import annotations

from django.urls import path

from . import views

app_name = "risk"
urlpatterns = [path("", views.own_limits, name="limits")]
