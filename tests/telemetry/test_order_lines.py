"""R-LOG: what a trader did is found again in the lines of a real desk, by request, user, connection and order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.browser.server import DeskServer
from tests.live.test_socket import Trader, read_until


@pytest.fixture(scope="module")
def desk(start_desk: Callable[..., DeskServer]) -> DeskServer:
    return start_desk(LOG_FORMAT="json", LOG_LEVEL="DEBUG")


def lines_of(desk: DeskServer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in desk.log.read_text().splitlines() if line.startswith("{")]


def test_an_order_is_followed_from_its_request_through_the_matching_to_its_end(desk: DeskServer) -> None:
    trader = Trader(desk, "alice")
    with closing(trader.http), trader.socket(drawn="0", desk="0") as line:
        bought = trader.order(quantity="1", client_order_id="market")
        read_until(line, 'data-kind="order.filled"')
        waits = trader.order(order_type="limit", quantity="1", limit_price="1.00", client_order_id="far")
        ended = trader.post(f"/orders/{waits.json()['id']}/cancel/")
        read_until(line, 'data-kind="order.canceled"')

    said = lines_of(desk)
    changes = {
        answer.json()["id"]: [each for each in said if each.get("order") == answer.json()["id"]]
        for answer in (bought, waits)
    }
    of_market, of_far = changes.values()
    (opened,) = [each for each in said if each["event"] == "a socket of desk is open"]
    assert [each["event"] for each in of_market] == ["an order: accepted", "an order: filled"]
    assert [each["event"] for each in of_far] == ["an order: accepted", "an order: canceled"]
    assert of_market[0]["request"] == bought.headers["x-request-id"]
    assert [each["request"] for each in of_far] == [answer.headers["x-request-id"] for answer in (waits, ended)]
    assert "request" not in of_market[1]  # the desk's own doing
    assert len({each["account"] for each in (*of_market, *of_far)}) == 1
    assert len({str(each["user"]) for each in (opened, of_market[0], *of_far)}) == 1
    assert len(opened["connection"]) == 8
