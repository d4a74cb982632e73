from __future__ import annotations

from django.urls import path

from . import views

app_name = "trades"
urlpatterns = [
    path("", views.orders, name="orders"),
    path("export.csv", views.export, name="export"),
    path("ticket/", views.ticket, name="ticket"),
    path("<uuid:order_id>/", views.order, name="order"),
    path("<uuid:order_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:order_id>/replace/", views.replace, name="replace"),
    path("cancel/", views.cancel_all, name="cancel-all"),
    path("close/", views.close_position, name="close-position"),
]
