"""Admins find orders and fills and change none."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from apps.trades.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(django_user_model: Any) -> Client:
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize(
    "path", ["order/", "order/?q=AAPL", "order/?status__exact=filled", "fill/", "fill/?q=alice", "desklease/"]
)
def test_admin_lists_searches_and_filters(admin: Client, held: Order, path: str) -> None:
    """R-ADMIN"""
    assert admin.get(f"/admin/trades/{path}").status_code == 200


def test_admin_shows_an_order_with_its_fills(admin: Client, held: Order) -> None:
    page = admin.get(f"/admin/trades/order/{held.pk}/change/").content.decode()

    assert held.fills.get().exec_id in page


@pytest.mark.parametrize("model", ["order", "fill", "desklease"])
def test_admin_can_add_nothing(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/trades/{model}/add/").status_code == 403


def test_admin_can_change_and_delete_nothing(admin: Client, held: Order) -> None:
    change = admin.post(f"/admin/trades/order/{held.pk}/change/", {"status": "new"})
    delete = admin.post(f"/admin/trades/order/{held.pk}/delete/", {"post": "yes"})

    held.refresh_from_db()
    assert (change.status_code, delete.status_code, held.status) == (403, 403, "filled")


def test_a_users_page_leads_to_the_users_orders(admin: Client, held: Order, bob: Any) -> None:
    """R-ADMIN: every link on it is answered."""
    for user, found in ((held.account.user, True), (bob, False)):
        page = admin.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()
        links = [html.unescape(link) for link in re.findall(r'href="(/admin/[^"]*exact=[^"]*)"', page)]

        answers = {link: admin.get(link) for link in links}

        assert len(links) > 1
        assert {answer.status_code for answer in answers.values()} == {200}
        orders = next(answers[link] for link in links if "/trades/order/" in link)
        assert (held.client_order_id in orders.content.decode()) == found
