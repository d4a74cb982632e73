"""Refusals in the form the asker reads: JSON, a toast for htmx, a page; and the way back through sign-in."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncClient, Client

from config.errors import weigh

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
HTMX = {"hx-request": "true"}
NOWHERE = "/orders/00000000-0000-4000-8000-000000000000/"


@pytest.fixture
def visitor(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_missing_is_json_to_who_asks_for_json(visitor: Client) -> None:
    for answer in (visitor.get(NOWHERE, headers=JSON), visitor.post(f"{NOWHERE}cancel/", headers=JSON)):
        assert (answer.status_code, answer.json()["error"]) == (404, "Not found")


def test_missing_is_a_toast_to_htmx_and_a_page_to_a_browser(visitor: Client) -> None:
    toast, page = visitor.post(f"{NOWHERE}cancel/", headers=HTMX), visitor.get(NOWHERE)

    assert (toast.status_code, toast["HX-Retarget"], "<html" in toast.content.decode()) == (404, "#toasts", False)
    assert (page.status_code, "There is no page at this address" in page.content.decode()) == (404, True)


def test_missing_says_to_a_stranger_that_signing_in_may_show_it(visitor: Client) -> None:
    """They have neither a search nor orders."""
    strangers, own = (client.get("/nowhere/").content.decode() for client in (Client(), visitor))

    assert ("Sign in</a>" in strangers, "the search" in strangers, "Your orders" in strangers) == (True, False, False)
    assert ("Sign in</a>" in own, "the search" in own, "Your orders" in own) == (False, True, True)


def test_too_many_fields_are_400_in_json(visitor: Client) -> None:
    answer = visitor.post("/orders/", {f"field{number}": "1" for number in range(101)}, headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (400, "The request could not be read")


@pytest.mark.parametrize(("headers", "kind"), [(JSON, "application/json"), ({}, "text/html; charset=utf-8")])
def test_wrong_method_says_which_are_taken(visitor: Client, headers: dict[str, str], kind: str) -> None:
    answer = visitor.put("/orders/", headers=headers)

    assert (answer.status_code, answer["Allow"], answer["Content-Type"]) == (405, "GET, HEAD, POST", kind)
    assert "takes GET, HEAD, POST, not PUT" in answer.content.decode()


async def test_wrong_method_says_so_under_asgi(async_client: AsyncClient) -> None:
    answer = await async_client.get("/accounts/demo/")

    assert (answer.status_code, "takes POST, not GET" in answer.content.decode()) == (405, True)


def test_body_in_chunks_is_weighed() -> None:
    """It comes without a length."""
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"transfer-encoding", b"chunked")]}

    weigh(ASGIRequest(scope, BytesIO(b"x" * 65_536)))
    with pytest.raises(RequestDataTooBig):
        weigh(ASGIRequest(scope, BytesIO(b"x" * 65_537)))


def test_who_signs_in_after_a_lost_post_comes_to_a_page() -> None:
    """The address of a command takes no GET: going on to it would end on a refusal."""
    client = Client()

    assert client.post("/watchlist/symbols/", {"symbol": "AAPL"})["Location"] == "/accounts/login/?next=/"
    assert client.get("/orders/?tab=filled")["Location"] == "/accounts/login/?next=/orders/%3Ftab%3Dfilled"


@pytest.mark.parametrize(
    "path",
    ["/portfolio/equity.json", "/portfolio/receipts/equity/", "/symbols/", "/symbols/AAPL/bars.json", "/settings/"],
)
def test_a_program_that_is_not_signed_in_is_told_so_and_not_sent_to_a_page(client: Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["error"]) == (401, "Signed out")
    assert client.delete(path).status_code == 405


def test_a_poll_that_cannot_go_on_says_so_in_the_form_the_asker_reads(visitor: Client) -> None:
    text, program = (visitor.get("/live/poll/activity/?since=999", headers=headers) for headers in ({}, JSON))

    assert (text.status_code, text["Content-Type"], text.content) == (409, "text/plain", b"Reload the page")
    assert (program.status_code, program.json()["error"]) == (409, "Reload the page")
    assert "Poll without one" in program.json()["detail"]


def test_what_is_no_number_of_an_event_is_refused_in_the_form_the_asker_reads(visitor: Client) -> None:
    text, program = (visitor.post("/activity/read/", {"seq": "x"}, headers=headers) for headers in ({}, JSON))

    assert (text.status_code, text.content) == (422, b"seq must be the number of an event")
    assert (program.status_code, program.json()["error"]) == (422, "seq must be the number of an event")
