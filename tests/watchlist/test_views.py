"""The watchlist over HTTP: JSON, htmx and plain forms, and nobody else's lists."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.live.fragments import render_fragment
from apps.watchlist import services
from apps.watchlist.models import WatchedSymbol, Watchlist
from apps.watchlist.queries import WELL_KNOWN, watchlist_view

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def signed_in(client: Client, alice: User, watchlist: Watchlist) -> None:
    client.force_login(alice)


def symbols(watchlist: Watchlist) -> list[str]:
    view = watchlist_view(watchlist.pk)
    assert view
    return [line.symbol for line in view.lines]


def line(watchlist: Watchlist, symbol: str) -> int:
    return WatchedSymbol.objects.get(watchlist=watchlist, instrument__symbol=symbol).pk


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_page_shows_every_line_with_its_quote_and_sparkline(client: Client, watchlist: Watchlist) -> None:
    """R-WATCH: the page's own HTML holds the whole truth."""
    page = client.get("/watchlist/").content.decode()

    for symbol in WELL_KNOWN:
        assert f'id="quote-{symbol}"' in page and f'id="spark-{symbol}"' in page
        assert f'href="/symbols/{symbol}/"' in page
    assert page.count('class="watch-row"') == 8
    assert f'data-order-url="/watchlist/{watchlist.pk}/order/"' in page
    assert render_fragment(f"watchlist/{watchlist.pk}") in page


def test_page_of_another_list_shows_that_one(client: Client, alice: User, watchlist: Watchlist) -> None:
    other = services.create_watchlist(alice, "Tech & more")
    assert isinstance(other, Watchlist)

    page = client.get(f"/watchlist/?list={other.pk}").content.decode()

    assert "Nothing is watched here yet" in page
    assert "Tech &amp; more" in page and 'aria-current="true"' in page


@pytest.mark.parametrize("count", [1, 3])
def test_page_takes_the_same_queries_whatever_the_lines(
    client: Client, watchlist: Watchlist, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    WatchedSymbol.objects.filter(rank__gte=count).delete()

    with django_assert_max_num_queries(24):
        client.get("/watchlist/")


def test_add_answers_json(client: Client, watchlist: Watchlist) -> None:
    first = client.post("/watchlist/symbols/", {"symbol": "t01"}, headers=JSON)
    again = client.post("/watchlist/symbols/", {"symbol": "T01", "watchlist": watchlist.pk}, headers=JSON)
    body = client.post("/watchlist/symbols/", {"symbol": "T02"}, content_type="application/json", headers=JSON)
    wrong = client.post("/watchlist/symbols/", {"symbol": "NOPE"}, headers=JSON)

    pk = line(watchlist, "T01")
    assert (first.status_code, again.status_code, body.status_code, wrong.status_code) == (201, 200, 201, 422)
    assert first.json() == {"watchlist": watchlist.pk, "id": pk, "symbol": "T01", "created": True}
    assert again.json() == {"watchlist": watchlist.pk, "id": pk, "symbol": "T01", "created": False}
    assert list(wrong.json()["errors"]) == ["symbol"]


@pytest.mark.parametrize("body", ["{", "[]", '"AAPL"', '{"symbol": ["AAPL"]}', '{"symbol": true}', "[" * 5000])
def test_malformed_json_is_refused(client: Client, watchlist: Watchlist, body: str) -> None:
    answer = client.post("/watchlist/symbols/", body, content_type="application/json", headers=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["body"])
    assert symbols(watchlist) == list(WELL_KNOWN)


def test_add_draws_the_list_again_for_htmx(client: Client, watchlist: Watchlist) -> None:
    answer = client.post("/watchlist/symbols/", {"symbol": "T01"}, headers=HTMX)
    wrong = client.post("/watchlist/symbols/", {"symbol": "<b>"}, headers=HTMX)

    assert answer.status_code == 201
    assert answer.content.decode().startswith(render_fragment(f"watchlist/{watchlist.pk}"))
    assert 'id="watch-add-error"' in answer.content.decode()
    assert wrong.status_code == 422
    assert "&lt;B&gt; is not" in wrong.content.decode() or "&lt;b&gt; is not" in wrong.content.decode()


def test_add_leads_back_to_the_page_for_a_plain_form(client: Client, watchlist: Watchlist) -> None:
    """R-NOJS"""
    answer = client.post("/watchlist/symbols/", {"symbol": "T01"})
    wrong = client.post("/watchlist/symbols/", {"symbol": "NOPE"})

    assert answer["Location"] == f"/watchlist/?list={watchlist.pk}"
    assert said(answer) == ["T01 is on Watchlist now."]
    assert (wrong.status_code, f'href="/watchlist/?list={watchlist.pk}"' in wrong.content.decode()) == (422, True)
    assert "NOPE is not a symbol" in wrong.content.decode()


def test_remove_and_undo_by_plain_forms(client: Client, watchlist: Watchlist) -> None:
    """R-NOJS"""
    answer = client.post(f"/watchlist/symbols/{line(watchlist, 'NVDA')}/remove/")
    page = client.get(answer["Location"]).content.decode()

    client.post(f"/watchlist/{watchlist.pk}/restore/", {"symbol": "NVDA", "place": "2"})

    assert answer["Location"] == f"/watchlist/?list={watchlist.pk}&symbol=NVDA&place=2"
    assert "<span>NVDA removed.</span>" in page
    assert symbols(watchlist) == list(WELL_KNOWN)


def test_remove_answers_htmx_with_the_list_and_an_undo(client: Client, watchlist: Watchlist) -> None:
    answer = client.post(f"/watchlist/symbols/{line(watchlist, 'NVDA')}/remove/", headers=HTMX)

    html = answer.content.decode()
    assert 'hx-swap-oob="append:#toasts"' in html
    assert f'formaction="/watchlist/{watchlist.pk}/restore/?place=2" name="symbol" value="NVDA"' in html
    assert 'data-symbol="NVDA"' not in html


@pytest.mark.parametrize("fields", [{}, {"symbol": "NVDA"}, {"symbol": "NVDA", "place": "x"}, {"place": "-1"}])
def test_undo_without_symbol_or_place_is_refused(client: Client, watchlist: Watchlist, fields: dict[str, str]) -> None:
    answer = client.post(f"/watchlist/{watchlist.pk}/restore/", fields, headers=JSON)

    assert answer.status_code == 422


def test_move_and_reorder(client: Client, watchlist: Watchlist) -> None:
    client.post(f"/watchlist/symbols/{line(watchlist, 'MSFT')}/move/", {"by": "up"}, headers=HTMX)
    moved = symbols(watchlist)
    odd = client.post(f"/watchlist/symbols/{line(watchlist, 'MSFT')}/move/", {"by": "left"}, headers=JSON)
    order = client.post(f"/watchlist/{watchlist.pk}/order/", {"symbols": ",".join(WELL_KNOWN)}, headers=JSON)
    torn = client.post(f"/watchlist/{watchlist.pk}/order/", {"symbols": "AAPL"}, headers=JSON)

    assert moved[:2] == ["MSFT", "AAPL"]
    assert (odd.status_code, order.status_code, torn.status_code) == (422, 200, 422)
    assert symbols(watchlist) == list(WELL_KNOWN)


def test_import_parts_by_commas_spaces_and_lines(client: Client, watchlist: Watchlist) -> None:
    text = "T01, t02\tT03;\r\nNOPE AAPL"

    answer = client.post(f"/watchlist/{watchlist.pk}/symbols/", {"symbols": text}, headers=JSON)
    plain = client.post(f"/watchlist/{watchlist.pk}/symbols/", {"symbols": "T04 NADA"})

    assert answer.json()["added"] == ["T01", "T02", "T03"]
    assert (answer.json()["known"], list(answer.json()["refused"])) == (["AAPL"], ["NOPE"])
    assert said(plain)[0].startswith("NADA is not") and said(plain)[1] == "Added: T04."
    assert symbols(watchlist)[-4:] == ["T01", "T02", "T03", "T04"]


def test_lists_by_form(client: Client, alice: User) -> None:
    made = client.post("/watchlist/lists/", {"name": "Tech"}, headers=JSON)
    pk = made.json()["watchlist"]
    renamed = client.post(f"/watchlist/{pk}/rename/", {"name": "Chips"}, headers=JSON)
    same = client.post("/watchlist/lists/", {"name": "Chips"})
    deleted = client.post(f"/watchlist/{pk}/delete/")

    assert (made.status_code, renamed.json()["name"]) == (201, "Chips")
    assert (same.status_code, "You have a list named Chips already." in same.content.decode()) == (422, True)
    assert deleted["Location"] == "/watchlist/"
    assert not Watchlist.objects.filter(pk=pk).exists()


@pytest.mark.parametrize("number", ["0", "999999", "-1", "x", "9" * 30, "１"])
def test_list_that_is_not_ours_is_not_found(client: Client, number: str) -> None:
    assert client.get("/watchlist/", {"list": number}).status_code == 404
    assert client.post("/watchlist/symbols/", {"symbol": "T01", "watchlist": number}).status_code == 404


def test_another_traders_list_is_not_found(bob: User, watchlist: Watchlist) -> None:
    charlie, first = Client(), line(watchlist, "AAPL")
    charlie.force_login(bob)
    paths = [
        f"/watchlist/symbols/{first}/remove/",
        f"/watchlist/symbols/{first}/move/",
        *(f"/watchlist/{watchlist.pk}/{verb}/" for verb in ("symbols", "restore", "order", "rename", "delete")),
    ]

    codes = [charlie.post(path, {"symbols": "T01", "by": "up", "name": "Mine"}).status_code for path in paths]

    assert codes == [404] * 7
    assert charlie.get("/watchlist/", {"list": watchlist.pk}).status_code == 404
    added = charlie.post("/watchlist/symbols/", {"symbol": "T01", "watchlist": watchlist.pk})
    assert added.status_code == 404
    assert symbols(watchlist) == list(WELL_KNOWN)


def test_signed_out_is_sent_to_sign_in() -> None:
    visitor = Client()

    page = visitor.get("/watchlist/?list=3")
    json = visitor.post("/watchlist/symbols/", {"symbol": "T01"}, headers=JSON)
    htmx = visitor.post("/watchlist/symbols/", {"symbol": "T01"}, headers=HTMX)

    assert (page.status_code, page["Location"]) == (302, "/accounts/login/?next=/watchlist/%3Flist%3D3")
    assert (json.status_code, json.json()["error"]) == (401, "Signed out")
    assert htmx["HX-Redirect"] == "/accounts/login/"


def test_commands_are_posts_with_csrf(client: Client, alice: User, watchlist: Watchlist) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert client.get("/watchlist/symbols/").status_code == 405
    assert client.post("/watchlist/").status_code == 405
    assert strict.post("/watchlist/symbols/", {"symbol": "T01"}).status_code == 403
    assert symbols(watchlist) == list(WELL_KNOWN)
