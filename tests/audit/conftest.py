"""An admin who may do everything, and a browser of theirs."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def office(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client
