from __future__ import annotations

from django.urls import path

from . import views

app_name = "home"
urlpatterns = [
    path("", views.front, name="front"),
    path("symbols/<symbol>/", views.symbol, name="symbol"),
]
