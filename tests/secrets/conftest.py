"""A channel with two secrets, and its columns as the database holds them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from apps.alerts.models import Channel
from apps.secrets.keys import keyring

ADDRESS = "https://hooks.slack.com/services/T0/B0/c4n4ry-address"
SIGNING = "c4n4ry-signing-key"


@pytest.fixture
def channel(db: None) -> Channel:
    return made("Ops")


def made(name: str) -> Channel:
    return Channel.objects.create(name=name, kind="webhook", sealed_address=ADDRESS, sealed_signing_key=SIGNING)


def columns(channel: Channel) -> list[Any]:
    """The sealed address and signing key, as they are stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_address, sealed_signing_key FROM alerts_channel WHERE id = %s", [channel.pk])
        return list(cursor.fetchone())


def newest() -> str:
    return keyring().newest.id
