"""HEAD is GET without the body: monitors and link checkers ask so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.portfolio.services import open_account

PAGES = ("/", "/orders/", "/portfolio/", "/watchlist/", "/activity/", "/settings/", "/live/poll/desk/")


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_head_answers_as_get_does(client: Client, alice: Any, page: str) -> None:
    open_account(alice)
    client.force_login(alice)

    got, head = client.get(page), client.head(page)

    assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
