"""P17: whatever is told to others after an order (Redis, mail, webhooks) may hang: orders notice nothing of it."""

from __future__ import annotations

import re
import socket
import statistics
import uuid
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import httpx
import psycopg
import pytest

from apps.secrets.envelope import seal
from apps.secrets.places import Place
from tests.keys import ENCRYPTION_KEY
from tests.patience import at_most
from tests.ports import free_port

from .cluster import Cluster
from .conftest import StartCluster, Tell
from .orders import TOKEN

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TURNS, TURN = 6, 10  # in turns: what else the machine does meets all kinds alike
MEMBERS = 40
LEASED = "SELECT 1 FROM alerts_delivery WHERE due_at > now() + interval '20 seconds' AND attempts = 0"
LATER = at_most(0.005)
FAILED = re.compile(r'^livedesk_faults_total\{where="([^"]+)"\} ([\d.e+]+)$', flags=re.M)


@pytest.fixture(scope="module")
def hole() -> Iterator[int]:
    """Takes connections and never says a word."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port), backlog=1024):
        yield port


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster, hole: int) -> Cluster:
    settings = {"EMAIL_URL": f"smtp://127.0.0.1:{hole}", "ALERTS_ALLOW_PRIVATE": "on"}
    return start_cluster(webs=1, desks=1, proxied=True, SIM_RATE="1", **settings)


def make_due(cluster: Cluster, hole: int) -> None:
    """An alert to be told to receivers of each kind that all hang; the looks add what they raise."""
    kinds = {
        "email": "ops@example.com",
        "slack": f"http://127.0.0.1:{hole}/x",
        "webhook": f"http://127.0.0.1:{hole}/y",
    }
    with psycopg.connect(cluster.postgres.url) as connection:
        [alert] = connection.execute(
            "INSERT INTO alerts_alert (rule_id, severity, value, raised_at) "
            "SELECT id, severity, 1, now() FROM alerts_rule WHERE name = 'P99 above 2 s' RETURNING id"
        ).fetchone() or [0]
        for kind, address in kinds.items():
            [channel] = connection.execute(
                "INSERT INTO alerts_channel (name, kind, address, signing_key, least, enabled) "
                "VALUES (%s, %s, '', '', 'info', true) RETURNING id",
                (kind, kind),
            ).fetchone() or [0]
            sealed = [seal(text, Place("alerts.channel", str(channel), column)) for column, text in said_of(address)]
            connection.execute(
                "UPDATE alerts_channel SET sealed_address = %s, sealed_signing_key = %s WHERE id = %s",
                (*sealed, channel),
            )
            connection.execute(
                "INSERT INTO alerts_delivery (alert_id, channel_id, what, state, attempts, due_at, error) "
                "VALUES (%s, %s, 'raised', 'due', 0, now(), '')",
                (alert, channel),
            )


def said_of(address: str) -> list[tuple[str, str]]:
    return [("sealed_address", address), ("sealed_signing_key", "a key of sixteen characters")]


def failures(cluster: Cluster) -> dict[str, int]:
    """What the web process has counted, by where."""
    text = httpx.get(f"{cluster.webs[0].url}/metrics", timeout=30).text
    return {where: int(float(count)) for where, count in FAILED.findall(text)}


def tried(cluster: Cluster) -> dict[str, int]:
    rows = cluster.postgres.ask(
        "SELECT channel.kind, sum(attempts)::int FROM alerts_delivery delivery "
        "JOIN alerts_channel channel ON channel.id = delivery.channel_id GROUP BY 1"
    )
    return {str(kind): int(str(attempts)) for kind, attempts in rows}


def late(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]


def test_orders_notice_nothing_of_sinks_that_hang(cluster: Cluster, hole: int, tell: Tell, settings: Any) -> None:
    """No error, hardly later; every attempt that failed is counted, and none is counted that was not made."""
    settings.ENCRYPTION_KEY = ENCRYPTION_KEY  # that of the cluster
    line, members = cluster.proxies["redis"], cluster.members(MEMBERS)
    turn = cycle(members)  # a list that grows would be drawn later and later
    headers = {"X-CSRFToken": TOKEN, "Accept": "application/json"}
    ticket = {"symbol": "AAPL", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "1.00"}
    before, took, answers = failures(cluster), dict[str, list[float]](), set[int]()

    with cluster.crowd(members[:2]) as crowd, httpx.Client(base_url=cluster.webs[0].url, headers=headers) as client:

        def place(name: str, count: int) -> None:
            for _ in range(count):
                cookie = {"Cookie": f"sessionid={next(turn).session}; csrftoken={TOKEN}"}
                order = {**ticket, "client_order_id": str(uuid.uuid4())}
                answer = client.post("/orders/", data=order, headers=cookie, timeout=60)
                answers.add(answer.status_code)
                took.setdefault(name, []).append(answer.elapsed.total_seconds())

        place("first", TURN)  # what the first orders load is loaded once
        for _ in range(TURNS):
            place("well", TURN)
            line.become("blackhole")
            place("Redis hangs", TURN)
            line.become("pass")
        make_due(cluster, hole)
        cluster.until(lambda: bool(cluster.postgres.ask(LEASED)), 40)
        line.become("blackhole")
        place("all hang", TURNS * TURN // 2)
        cluster.until(lambda: failures(cluster).get("redis", 0) > before.get("redis", 0), 20)
        place("all hang", TURN)  # and once it is known that nobody is told
        line.become("pass")
        cluster.until(lambda: len([each for each in tried(cluster).values() if each]) == 3, 40)
        truth = cluster.oracle.numbers()
        cluster.settle(crowd)
        lists = cluster.oracle.compare(crowd.pages, truth)

    cluster.until(lambda: failures(cluster).get("alert delivery", 0) == sum(tried(cluster).values()), 30)
    counted = {name: number - before.get(name, 0) for name, number in failures(cluster).items()}
    worst = {
        name: [late(values[at : at + TURN]) for at in range(0, len(values), TURN)] for name, values in took.items()
    }
    p99 = {name: min(turns) for name, turns in worst.items()}  # what else the machine does can only add
    noise = max(worst["well"]) - min(worst["well"])
    told = ", ".join(f"{name} {statistics.median(took[name]) * 1e3:.1f}, {p99[name] * 1e3:.1f} ms" for name in took)
    tell(f"P17: orders, P50 and P99 of the best turn: {told}; by itself it moves by {noise * 1e3:.1f} ms here")
    tell(f"P17: counted {counted}, attempts {tried(cluster)}")
    assert answers == {201}
    assert statistics.median(took["Redis hangs"]) - statistics.median(took["well"]) < LATER + noise
    assert p99["Redis hangs"] - p99["well"] < LATER
    assert p99["all hang"] - p99["well"] < LATER
    assert counted["redis"] > 0
    assert (lists.lost, lists.doubled, lists.disordered) == (0, 0, 0)
    assert cluster.oracle.broken_money() == {}
    assert cluster.tracebacks() == []
