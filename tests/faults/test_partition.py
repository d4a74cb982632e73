"""P18: the line between the apps and PostgreSQL or Redis carries nothing, or late, or is cut; nobody is told."""

from __future__ import annotations

import time

import pytest

from tests.patience import at_most

from .clients import Crowd
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

SILENT = 4.0
STALE = at_most(2.0)
BACK = at_most(2.0)


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=1, proxied=True)


@pytest.fixture(scope="module")
def crowd(cluster: Cluster) -> Crowd:
    return cluster.crowd(cluster.members(15), tabs=3)


def test_redis_swallows_everything(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """A black hole, not a refusal."""
    flow, line = cluster.orders(cluster.members(15)), cluster.proxies["redis"]

    line.become("blackhole")
    ends, events = time.monotonic() + SILENT, [0.0]
    while time.monotonic() < ends:
        events.append(cluster.settle(crowd))
        time.sleep(0.3)
    line.become("pass")
    back = cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"redis in a black hole: events {max(events):.2f} s; after it {back:.2f} s; {told}")
    assert max(events) < STALE
    assert back < BACK
    assert told.slowest < at_most(4.5)


@pytest.mark.parametrize("name", ["redis", "postgres"])
def test_every_line_is_cut_at_once(cluster: Cluster, crowd: Crowd, name: str, tell: Tell) -> None:
    flow, line = cluster.orders(cluster.members(15)), cluster.proxies[name]
    time.sleep(1)

    for _ in range(5):
        line.reset()
        time.sleep(cluster.dice.uniform(0.1, 0.5))
    events = cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"{name}'s lines cut five times: events {events:.2f} s; {told}")
    assert events < BACK
    assert set(crowd.ended) == set()


def test_postgres_swallows_everything(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """What is under way waits and goes on; what is not answered is asked again, and is the same order."""
    flow, line = cluster.orders(cluster.members(15)), cluster.proxies["postgres"]
    time.sleep(1)

    line.become("blackhole")
    time.sleep(SILENT)
    line.become("pass")
    events = cluster.settle(crowd)
    now = time.time()
    quotes = crowd.wait(lambda page: page.quoted_at > now, 40)

    told = cluster.check(crowd, flow)
    tell(f"postgres in a black hole: after it events {events:.2f} s, quotes {quotes:.2f} s; {told}")
    assert events < BACK
    assert set(crowd.ended) == set()


def test_postgres_is_far_away(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """Forty milliseconds each way: slower, and as true."""
    cluster.forget_tracebacks()
    flow, line = cluster.orders(cluster.members(15)), cluster.proxies["postgres"]

    line.become("delay", 0.04)
    time.sleep(3)
    events = cluster.settle(crowd)
    line.become("pass")

    told = cluster.check(crowd, flow)
    tell(f"postgres 80 ms away: events {events:.2f} s, slowest order {told.slowest:.2f} s; {told}")
    assert events < at_most(6.0)
    assert set(crowd.ended) == set()
    unexpected = [one for one in cluster.tracebacks() if "timeout expired" not in one]  # a new connection, late too
    assert unexpected == [] or told.troubles
