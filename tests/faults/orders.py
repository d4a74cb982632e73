"""Traders who place orders over HTTP and repeat each, under its own number, until somebody answers."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from .clients import Member

TOKEN = "c" * 32
ANSWERS_WITHIN = 3.0
TRADERS = 4
GIVES_UP_AFTER = 60.0
SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMZN")


@dataclass(frozen=True)
class Lists:
    """How the pages' lists differ from the database; zeros are what is promised."""

    delivered: int
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    invented: int = 0


@dataclass
class Told:
    """What the traders were told: by client order id the answers to it, and all that went wrong on the way."""

    accepted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    mismatched: list[str] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    lists: Lists | None = None

    def __str__(self) -> str:
        orders = f"{len(self.accepted)} orders, {len(self.refused)} refused"
        return f"{orders}, troubles on the way {dict(self.troubles)}, {self.lists}"


class OrderFlow:
    """Threads that place orders at a pace, over any of the addresses, until told to stop."""

    def __init__(self, members: Sequence[Member], addresses: Sequence[str], name: str, pace: float = 0.1) -> None:
        self.members, self.addresses, self.name, self.pace = members, addresses, name, pace
        self.told, self.lock, self.stopping = Told(), threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.trade, args=(number,), daemon=True) for number in range(TRADERS)]
        for thread in self.threads:
            thread.start()

    def trade(self, number: int) -> None:
        dice, count = random.Random(f"{self.name} {number}"), 0
        with httpx.Client(timeout=ANSWERS_WITHIN, headers={"Accept": "application/json"}) as client:
            while not self.stopping.wait(self.pace * dice.uniform(0.5, 1.5)):
                count += 1
                self.place(client, dice, f"{self.name}-{number}-{count}")

    def place(self, client: httpx.Client, dice: random.Random, name: str) -> None:
        """Once, however often it is sent; some are sent again though they were answered."""
        ticket = {"symbol": dice.choice(SYMBOLS), "side": "buy", "quantity": "1", "client_order_id": name}
        resting = dice.random() < 0.5
        ticket |= {"order_type": "limit", "limit_price": "1.00"} if resting else {"order_type": "market"}
        member, repeats = dice.choice(self.members), 1 + (dice.random() < 0.2)
        started, tries = time.monotonic(), dice.randrange(len(self.addresses))
        while repeats and time.monotonic() - started < GIVES_UP_AFTER:
            tries += 1
            address = self.addresses[tries % len(self.addresses)]
            try:
                answer = client.post(
                    f"{address}/orders/",
                    data=ticket,
                    headers={"Cookie": f"sessionid={member.session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN},
                )
            except httpx.HTTPError as error:
                self.trouble(type(error).__name__)
                continue
            if answer.status_code >= 500:
                self.trouble(str(answer.status_code))
                continue
            self.note(name, answer, time.monotonic() - started)
            repeats -= 1

    def trouble(self, name: str) -> None:
        with self.lock:
            self.told.troubles[name] += 1
        time.sleep(0.1)

    def note(self, name: str, answer: httpx.Response, took: float) -> None:
        with self.lock:
            self.told.slowest = max(self.told.slowest, took)
            if answer.status_code in {200, 201}:
                order_id = answer.json()["id"]
                self.told.refused.pop(name, None)  # by one process's clock no quote was fresh, by another's one was
                if self.told.accepted.setdefault(name, order_id) != order_id:
                    self.told.mismatched.append(name)
            elif name in self.told.accepted:
                self.told.mismatched.append(name)
            else:
                self.told.refused[name] = f"{answer.status_code} {answer.text[:200]}"

    def stop(self) -> Told:
        self.stopping.set()
        for thread in self.threads:
            thread.join(GIVES_UP_AFTER + ANSWERS_WITHIN)
            assert not thread.is_alive(), "an order never got an answer"
        return self.told
