"""The list as a live fragment, and in the admin."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import Client

from apps.accounts.models import User
from apps.live.fragments import fragment_of, render_fragment
from apps.watchlist import services
from apps.watchlist.models import Watchlist
from apps.watchlist.pages import WatchlistPage

pytestmark = pytest.mark.django_db


def test_fragment_contains_quote_and_sparkline_of_each_line(watchlist: Watchlist) -> None:
    fragment, key = fragment_of(f"watchlist/{watchlist.pk}")

    inner = list(fragment.contains(fragment.load_many([key])[key]))

    assert inner[:4] == ["quote/AAPL", "spark/AAPL", "quote/MSFT", "spark/MSFT"]
    assert len(inner) == 16


def test_fragment_has_one_root_that_morphs_and_tells_its_time(watchlist: Watchlist) -> None:
    services.add_symbol(watchlist, "T01")

    html = render_fragment(f"watchlist/{watchlist.pk}")

    assert html.startswith(f'<section id="watchlist-{watchlist.pk}"')
    assert html.endswith("</section>")
    assert 'hx-swap-oob="morph"' in html.partition(">")[0]
    assert 'data-ts="' in html.partition(">")[0]


def test_fragment_of_a_deleted_list_says_so(watchlist: Watchlist) -> None:
    pk = watchlist.pk
    watchlist.delete()

    assert "This list was deleted" in render_fragment(f"watchlist/{pk}")


def test_page_watches_only_lists_of_its_user(alice: User, bob: User, watchlist: Watchlist) -> None:
    page = WatchlistPage()

    assert page.topics(alice, {}) == [f"watchlist/{watchlist.pk}"]
    assert page.topics(alice, {"list": str(watchlist.pk)}) == [f"watchlist/{watchlist.pk}"]
    with pytest.raises(Http404):
        page.topics(bob, {"list": str(watchlist.pk)})


@pytest.mark.parametrize("change", ["add", "remove", "move", "rename"])
def test_page_before_and_the_pushed_fragment_are_the_page_after(
    client: Client, alice: User, watchlist: Watchlist, change: str
) -> None:
    client.force_login(alice)
    line = watchlist.symbols.order_by("rank")[1]
    before_list = render_fragment(f"watchlist/{watchlist.pk}")
    before = client.get("/watchlist/").content.decode()
    if change == "add":
        services.add_symbol(watchlist, "T01")
    elif change == "remove":
        services.remove_symbol(line)
    elif change == "move":
        services.move_symbol(line, 1)
    else:
        services.rename_watchlist(watchlist, "Renamed")

    pushed = render_fragment(f"watchlist/{watchlist.pk}")

    assert before_list in before
    assert pushed in client.get("/watchlist/").content.decode()
    assert pushed != before_list


def test_admin_lists_searches_and_shows_lists(client: Client, watchlist: Watchlist) -> None:
    client.force_login(User.objects.create_superuser("root"))

    listed = client.get("/admin/watchlist/watchlist/").content.decode()
    found = client.get("/admin/watchlist/watchlist/?q=alice").content.decode()
    missed = client.get("/admin/watchlist/watchlist/?q=nobody").content.decode()
    shown = client.get(f"/admin/watchlist/watchlist/{watchlist.pk}/change/").content.decode()

    assert ">Watchlist</a>" in listed and '<td class="field-symbol_count">8</td>' in listed
    assert ">Watchlist</a>" in found and ">Watchlist</a></th>" not in missed
    assert "AAPL" in shown
