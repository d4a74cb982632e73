from __future__ import annotations

from django.urls import path

from . import views

app_name = "usage"
urlpatterns = [
    path("ops/engagement/", views.engagement, name="engagement"),
    path("ops/engagement/days.json", views.days_json, name="days"),
    path("ops/engagement/hours.json", views.hours_json, name="hours"),
    path("settings/use/", views.choice, name="choice"),
    path("use/left/", views.left, name="left"),
]
