from __future__ import annotations

from django.urls import path

from . import views

app_name = "market"
urlpatterns = [
    path("", views.search, name="search"),
    path("<path:symbol>/bars.json", views.bars, name="bars"),
]
