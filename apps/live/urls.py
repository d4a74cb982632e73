from __future__ import annotations

from django.urls import path

from . import views

app_name = "live"
urlpatterns = [
    path("live/poll/<slug:page>/", views.poll, name="poll"),
    path("activity/", views.activity, name="activity"),
    path("activity/read/", views.read, name="read"),
    path("live/away/", views.away, name="away"),
    path("live/dismiss/", views.dismiss_news, name="dismiss"),
    path("live/notice/", views.notice, name="notice"),
]
