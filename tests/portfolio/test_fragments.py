from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from channels.db import database_sync_to_async

from apps.live.fragments import draw, draw_all, fragment_of, read, render_fragment
from apps.live.models import Event
from apps.live.moments import micros
from apps.live.toasts import draw_toast
from apps.market.models import Instrument
from apps.market.queries import MarketStatus
from apps.market.quotes import board
from apps.market.services import save_quotes
from apps.portfolio import services
from tests.desk.build import quote

MARKET = ["quote", "spark", "book", "bar"]
KINDS = ["account", "positions", "breakdown", "ledger"]


def follows(topic):
    return set(fragment_of(topic)[0].follows(read([topic])[topic]))


def shown_at(html):
    return int(re.search(r'data-ts="(\d+)"', html).group(1))


@pytest.mark.parametrize("kind", KINDS)
def test_root_carries_its_id_and_when_its_newest_fact_came_to_be(alice_account, kind):
    html = render_fragment(f"{kind}/{alice_account.pk}")

    assert re.match(r"<section [^>]+>", html).group().count(f'id="{kind}-{alice_account.pk}"') == 1
    assert shown_at(html) == micros(Event.objects.latest("seq").at)


def test_what_shows_prices_moves_with_the_quotes_of_all_that_is_held(alice_account, book):
    """R-PORT"""
    book(alice_account, "buy 1 AAPL @ 9.00; buy 1 MSFT @ 9.00")
    key = alice_account.pk

    topics = [f"account/{key}", f"positions/{key}", f"breakdown/{key}", f"position/{key}:AAPL"]
    found = [follows(topic) for topic in topics]

    assert found == [{"quote/AAPL", "quote/MSFT"}] * 4
    assert follows(f"ledger/{key}") == set()


def test_newer_quote_gives_a_newer_fragment(alice_account, book, quotes):
    """R-STALE: every message carries the server's time."""
    book(alice_account, "buy 1 AAPL @ 9.00")
    now = datetime.now(UTC) + timedelta(seconds=1)
    quotes("AAPL 9.99/10.01", at=now)

    html = render_fragment(f"positions/{alice_account.pk}")

    assert shown_at(html) == int(now.timestamp()) * 1_000_000 + now.microsecond


async def test_process_that_heard_no_quote_draws_the_saved_one(transactional_db, alice, market, book):
    """R-SCALE: the facts are read in a thread, the drawing on the event loop reads nothing more."""

    def load():
        account = services.open_account(alice, Decimal(10_000))
        book(account, "buy 100 AAPL @ 9.00")
        save_quotes([quote("AAPL 9.99/10.01 last 10.00", datetime.now(UTC))])
        board.clear()
        topic = f"positions/{account.pk}"
        return topic, read([topic])[topic]

    topic, facts = await database_sync_to_async(load)()

    assert "1,000.00" in draw(topic, facts, {})


def test_selling_out_never_moves_a_fragment_back_in_time(alice_account, book, quotes):
    """R-STALE: an older message never overwrites a newer one, so no newer one may look older."""
    book(alice_account, "buy 1 AAPL @ 9.00")
    quotes("AAPL 9.99/10.01", at=datetime.now(UTC) + timedelta(minutes=1))
    topic = f"positions/{alice_account.pk}"

    before = shown_at(render_fragment(topic))
    book(alice_account, "sell 1 AAPL @ 9.99")

    assert shown_at(render_fragment(topic)) == before


def test_old_price_is_marked_and_counted(alice_account, book, quotes):
    """R-STALE"""
    book(alice_account, "buy 100 AAPL @ 10.00")
    quotes("AAPL 9.99/10.01 last 10.00", at=datetime.now(UTC) - timedelta(minutes=1))
    board.status = MarketStatus(is_open=True)

    row = f'id="positions-{alice_account.pk}-AAPL" class="stale"'
    assert row in render_fragment(f"positions/{alice_account.pk}")
    assert "10.00% on old prices" in render_fragment(f"account/{alice_account.pk}")


def test_all_that_is_drawn_of_an_account_is_one_valuation(alice_account, book, quotes):
    book(alice_account, "buy 100 AAPL @ 10.00")
    quotes("AAPL 9.99/10.01 last 10.00")
    topics = [f"{kind}/{alice_account.pk}" for kind in ("account", "positions", "breakdown")]
    first, later = read(topics), read(topics[1:])

    every = [*first.items(), *later.items()]
    views = [fragment_of(topic)[0].context("1", facts)["view"] for topic, facts in every]

    assert all(view is views[0] for view in views)


def test_facts_that_changed_are_valued_anew(alice_account, book, quotes):
    book(alice_account, "buy 100 AAPL @ 10.00")
    topic = f"positions/{alice_account.pk}"
    before = read([topic])[topic]
    book(alice_account, "buy 100 AAPL @ 10.00")

    assert read([topic])[topic] != before


def test_hostile_names_are_text(alice_account, market, book, quotes):
    Instrument.objects.filter(symbol="AAPL").update(symbol='A"/<i>', name="<script>'")
    board.clear()
    book(alice_account, 'buy 1 A"/<i> @ 9.00')
    key = alice_account.pk
    topics = [f"positions/{key}", f"breakdown/{key}", f'position/{key}:A"/<i>', *(f'{kind}/A"/<i>' for kind in MARKET)]

    html = " ".join(draw_all(read(topics)).values())

    assert re.findall(r"<(i|script)\b", html) == []
    assert "/symbols/A%22%2F%3Ci%3E/" in html


def test_position_shows_its_lots_and_what_is_held_for_sells(alice_account, market, book, quotes):
    book(alice_account, "buy 100 AAPL @ 10.00; buy 50 AAPL @ 10.50")
    services.hold_shares(alice_account, market["AAPL"], Decimal(30))
    quotes("AAPL 10.99/11.01 last 11.00")

    html = render_fragment(f"position/{alice_account.pk}:AAPL")

    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "Quantity 150 30 held for orders" in text
    assert "100 10.00 1,000.00" in text
    assert "50 10.50 525.00" in text


@pytest.mark.parametrize(
    ("bought", "words"),
    [("", "You hold no MSFT"), ("buy 1 MSFT @ 9.00; sell 1 MSFT @ 10.00", "Realised so far: +1.00 USD")],
)
def test_position_that_is_none_says_so(alice_account, book, bought, words):
    if bought:
        book(alice_account, bought)

    assert words in render_fragment(f"position/{alice_account.pk}:MSFT")


def test_deposit_is_toasted_with_its_memo_escaped(alice_account):
    """R-TOAST"""
    services.deposit(alice_account, Decimal("5.50"), "gift", "<b>Prize</b>")

    html = draw_toast(Event.objects.latest("seq"))

    assert "Deposit 5.50 USD" in html
    assert "&lt;b&gt;Prize&lt;/b&gt;" in html
