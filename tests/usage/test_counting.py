"""R-DASH: what requests and left pages tell; nothing of who does not want it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.market.models import Instrument
from apps.usage.counting import tray
from apps.usage.models import Count, Week

from .conftest import TODAY, WENT, counted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
LEFT = {"ms": 61_000, "reload": 1, "shown": 3, "closed": 1, "followed": 2}
REFERER = "http://testserver/symbols/AAPL/?list=7"


@pytest.fixture
def here(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    tray.take()
    return client


def test_pages_and_actions_count_by_route(here: Client) -> None:
    Instrument.objects.create(symbol="AAPL", name="Apple")
    for _ in range(2):
        assert here.get("/symbols/AAPL/", headers=WENT).status_code == 200
    here.get("/orders/", headers=WENT)
    here.post("/settings/time-zone/", {"time_zone": "Europe/Berlin"})

    assert counted() == {
        ("page", "home:symbol"): 2,
        ("page", "trades:orders"): 1,
        ("act", "account_time_zone"): 1,
        ("users", "seen"): 1,
    }
    assert list(Week.objects.values_list("week__day", "first__day", "seen_on", "live_on")) == [(2, 2, TODAY, None)]


def test_what_scripts_ask_and_what_is_refused_is_no_page(here: Client) -> None:
    here.get("/live/poll/activity/")
    here.get("/orders/", headers={**WENT, "hx-request": "true"})
    here.get("/symbols/NONE/", headers=WENT)
    here.post("/settings/time-zone/", {"time_zone": "Nowhere"})

    assert counted() == {("users", "seen"): 1}


def test_a_session_counts_when_it_begins(client: Client, alice: Any) -> None:
    client.post("/accounts/demo/", {"trader": "alice"})

    assert counted()["sessions", "signed in"] == 1


def test_a_left_page_counts_by_its_route(here: Client) -> None:
    answers = [here.post("/use/left/", LEFT, headers={"referer": REFERER}) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {204}
    assert counted() == {
        ("left", "home:symbol"): 2,
        ("stay", "home:symbol"): 122_000,
        ("reload", "home:symbol"): 2,
        ("toast", "shown"): 6,
        ("toast", "closed"): 2,
        ("toast", "followed"): 4,
        ("users", "seen"): 1,
    }


@pytest.mark.parametrize(
    "said, referer",
    [
        (LEFT, ""),
        (LEFT, "http://testserver/nowhere/"),
        ({**LEFT, "ms": -1}, REFERER),
        ({**LEFT, "ms": 10**9}, REFERER),
        ({**LEFT, "reload": 2}, REFERER),
        ({**LEFT, "closed": "many"}, REFERER),
        ({"ms": 5}, REFERER),
    ],
)
def test_what_no_page_says_counts_nothing(here: Client, said: dict[str, Any], referer: str) -> None:
    assert here.post("/use/left/", said, headers={"referer": referer}).status_code == 422

    assert counted() == {}


def test_a_left_page_needs_its_token(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post("/use/left/", LEFT, headers={"referer": REFERER}).status_code == 403


@pytest.mark.parametrize("wish", ["dnt", "sec-gpc"])
def test_a_browser_that_says_no_counts_nothing(client: Client, alice: Any, wish: str) -> None:
    client.post("/accounts/demo/", {"trader": "alice"}, headers={wish: "1"})
    page = client.get("/orders/", headers={**WENT, wish: "1"}).content.decode()
    client.post("/use/left/", LEFT, headers={"referer": REFERER, wish: "1"})

    assert "js/use.js" not in page
    assert (counted(), Week.objects.count()) == ({}, 0)


def test_a_user_who_says_no_counts_nothing_and_is_forgotten(here: Client, alice: Any) -> None:
    here.get("/orders/", headers=WENT)
    counted()
    here.get("/orders/", headers=WENT)  # still in memory when the wish comes
    assert "js/use.js" in here.get("/settings/", headers=WENT).content.decode()

    assert here.post("/settings/use/", {"counted": "no"}).status_code == 302
    Count.objects.all().delete()
    tray.counts.clear()
    page = here.get("/settings/", headers=WENT).content.decode()
    here.post("/use/left/", LEFT, headers={"referer": REFERER})

    assert "js/use.js" not in page
    assert 'id="counted-no" name="counted" value="no" checked' in page
    assert (counted(), Week.objects.count()) == ({}, 0)
    assert here.post("/settings/use/", {"counted": "perhaps"}).status_code == 422


def test_a_user_who_says_yes_again_counts_from_then_on(here: Client) -> None:
    for word in ("no", "yes"):
        here.post("/settings/use/", {"counted": word})
    here.get("/orders/", headers=WENT)

    assert counted()["page", "trades:orders"] == 1


def test_with_nothing_kept_nothing_counts(here: Client, settings: Any) -> None:
    settings.USE_KEPT_DAYS = 0

    page = here.get("/orders/", headers=WENT).content.decode()

    assert "js/use.js" not in page
    assert counted() == {}


def test_strangers_count_nothing(client: Client, db: None) -> None:
    client.get("/", headers=WENT)
    client.post("/use/left/", LEFT, headers={"referer": REFERER})

    assert counted() == {}


def test_counting_asks_nothing_of_the_database(here: Client, settings: Any) -> None:
    """Now and then a request reads the switches anew, counting or not."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            here.get("/settings/", headers=WENT)
        return len(seen)

    with_it = min(queries() for _ in range(4))
    settings.USE_KEPT_DAYS = 0

    assert min(queries() for _ in range(4)) == with_it
