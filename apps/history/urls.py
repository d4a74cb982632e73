from __future__ import annotations

from django.urls import path

from . import import_views, journal, views

app_name = "history"
urlpatterns = [
    path("", views.history, name="history"),
    path("export.csv", views.export, {"kind": "csv"}, name="export_csv"),
    path("export.json", views.export, {"kind": "json"}, name="export_json"),
    path("import/", import_views.import_fills, name="import"),
    path("note/", journal.note, name="note"),
]
