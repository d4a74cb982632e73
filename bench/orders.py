"""A steady stream of market orders over HTTP, by traders whose pages are open."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Sequence

TRADERS = 50
SYMBOLS = ("AAPL", "MSFT", "NVDA", "KO", "AMZN")
TOKEN = "bench" + "0" * 27  # a cookie and a header that agree are all that CSRF asks for


def place_orders(sessions: Sequence[str], port: int, seconds: float, a_second: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    begun = time.monotonic()
    for number in range(int(seconds * a_second)):
        time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
        order = {
            "symbol": SYMBOLS[number % len(SYMBOLS)],
            "side": "buy",
            "order_type": "market",
            "quantity": "1",
            "client_order_id": str(uuid.uuid4()),
        }
        headers = {
            "Cookie": f"sessionid={sessions[number % TRADERS]}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        line.request("POST", "/orders/", json.dumps(order), headers)
        answer = line.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"an order was answered {answer.status}: {text[:200]!r}")
    line.close()
