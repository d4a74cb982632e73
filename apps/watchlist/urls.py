from __future__ import annotations

from django.urls import path

from . import views

app_name = "watchlist"
urlpatterns = [
    path("", views.page, name="page"),
    path("symbols/", views.add, name="add"),
    path("symbols/<int:line_id>/remove/", views.remove, name="remove"),
    path("symbols/<int:line_id>/move/", views.move, name="move"),
    path("lists/", views.create, name="create"),
    path("<int:watchlist_id>/symbols/", views.import_many, name="import"),
    path("<int:watchlist_id>/restore/", views.restore, name="restore"),
    path("<int:watchlist_id>/order/", views.order, name="order"),
    path("<int:watchlist_id>/rename/", views.rename, name="rename"),
    path("<int:watchlist_id>/delete/", views.delete, name="delete"),
]
