"""Addresses and signing keys move into sealed columns; the ones in clear are emptied, and stay for a later release."""

from __future__ import annotations

from typing import Any

from django.db import migrations

COLUMNS = {"address": "sealed_address", "signing_key": "sealed_signing_key"}


def seal(apps: Any, schema_editor: Any) -> None:
    for channel in apps.get_model("alerts", "Channel").objects.select_for_update():
        for clear, sealed in COLUMNS.items():
            if text := getattr(channel, clear):
                setattr(channel, sealed, text)
                setattr(channel, clear, "")
        channel.save()


def back(apps: Any, schema_editor: Any) -> None:
    for channel in apps.get_model("alerts", "Channel").objects.select_for_update():
        for clear, sealed in COLUMNS.items():
            setattr(channel, clear, getattr(channel, sealed))
            setattr(channel, sealed, "")
        channel.save()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_sealed_columns")]
    operations = [migrations.RunPython(seal, back)]
