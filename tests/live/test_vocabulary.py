"""Whatever a page says is understood or refused, one made-up message after the other: none of them is a fault.

Over a real server (`tests/faults/test_fuzz.py`) the first that is refused ends its line, and the rest is not heard.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from apps.live import acks
from apps.live.hub import Hub
from apps.live.vocabulary import Unspeakable, hear, meanings
from apps.telemetry.latency import KINDS, recent, update_latency
from tests.faults.fuzz import KINDS as NAMES
from tests.faults.fuzz import VALUES, WORDS

from .conftest import Reader

MESSAGES = 100_000
MEANT = [
    '{"type": "hidden", "value": true}',
    '{"type": "hidden", "value": false}',
    '{"type": "ping", "at": 1234567}',
    '{"type": "ack", "kind": "quote", "ms": 85}',
    '{"type": "ack", "kind": "event", "ms": -1.5}',
]
FIELDS = ["value", "at", "kind", "ms", "type"]
LETTERS = '{}[]":,-+.eE0123456789 truefalsnN\\u\x00\u202e\ud800'


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for kind in KINDS:
        recent[kind].counts.clear()
    acks.forget(math.inf)


def misspelt(dice: random.Random) -> str:
    """What is meant but for a letter or two: left out, doubled, or another."""
    text = dice.choice(MEANT)
    for _ in range(dice.randrange(3)):
        place = dice.randrange(len(text))
        text = text[:place] + dice.choice(["", text[place] * 2, dice.choice(LETTERS)]) + text[place + 1 :]
    return text


def made_up(dice: random.Random) -> str:
    chance = dice.random()
    if chance < 0.5:
        return misspelt(dice)
    if chance < 0.6:
        return dice.choice(WORDS).decode()
    fields = {
        dice.choice(["value", "at", "kind", "ms", "type"]): dice.choice(VALUES) for _ in range(dice.randrange(3))
    }
    return json.dumps({"type": dice.choice([*NAMES, *meanings])} | fields)


def test_each_of_many_made_up_messages_is_understood_or_refused() -> None:
    """R-CODES: WS004. What is understood leaves nothing behind of a page that is gone, and no label of its own."""
    dice, hub, page, found = random.Random(20261124), Hub(), Reader(1), Counter[str]()
    for _ in range(MESSAGES):
        try:
            hear(hub, page, made_up(dice))
        except Unspeakable:
            found["refused"] += 1
        else:
            found["understood"] += 1

    labels = {sample.labels["kind"] for family in update_latency.collect() for sample in family.samples}
    assert min(found["refused"], found["understood"]) > MESSAGES / 20
    assert (hub.viewers, hub.hidden.sent, hub.watched) == (set(), {}, {})
    assert labels == set(KINDS)
