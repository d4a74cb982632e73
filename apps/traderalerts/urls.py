from __future__ import annotations

from django.urls import path

from . import views

app_name = "traderalerts"
urlpatterns = [
    path("", views.page, name="page"),
    path("settings/", views.keep_settings, name="settings"),
    path("test/", views.try_way, name="test"),
    path("<int:alert_id>/", views.edit, name="edit"),
    path("<int:alert_id>/delete/", views.delete, name="delete"),
    path("<int:alert_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("<int:alert_id>/turn/", views.turn, name="turn"),
]
