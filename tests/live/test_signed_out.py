"""Who is not signed in is met by the live pages' addresses as by all others."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ADDRESSES = [
    ("get", "/activity/?family=order"),
    ("get", "/live/away/"),
    ("post", "/activity/read/"),
    ("post", "/live/dismiss/"),
]
SIGNED_OUT = {"error": "Signed out", "detail": "Sign in, then send it again."}


@pytest.mark.parametrize(("method", "address"), [*ADDRESSES, ("get", "/live/poll/desk/")])
def test_a_program_is_told_so_in_json(client: Client, method: str, address: str) -> None:
    """R-API"""
    answer = client.generic(method.upper(), address, headers={"accept": "application/json"})

    assert (answer.status_code, answer["Content-Type"], answer.json()) == (401, "application/json", SIGNED_OUT)


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_a_browser_is_sent_to_sign_in_and_back_to_what_it_read(client: Client, method: str, address: str) -> None:
    plain = client.generic(method.upper(), address)
    part = client.generic(method.upper(), address, headers={"hx-request": "true"})

    back = {"/activity/?family=order": "/activity/%3Ffamily%3Dorder", "/live/away/": "/live/away/"}.get(address, "/")
    assert (plain.status_code, plain["Location"]) == (302, f"/accounts/login/?next={back}")
    assert (part.status_code, part["HX-Redirect"]) == (200, "/accounts/login/")


def test_a_page_that_polls_is_told_in_words(client: Client) -> None:
    answer = client.get("/live/poll/desk/")

    assert (answer.status_code, answer["Content-Type"], answer.content) == (401, "text/plain", b"Signed out")
