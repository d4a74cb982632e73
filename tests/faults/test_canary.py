"""R-CANARY over two web processes: one flies at a time, and a frozen Redis keeps none from arriving."""

from __future__ import annotations

import re
import time

import httpx
import psycopg
import pytest

from tests.patience import at_most

from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TURN_S = 5
LANDED = "SELECT count(*), count(milliseconds), max(milliseconds) FROM canary_flight WHERE ended_at > to_timestamp(%s)"


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=1, CANARY_SECONDS=str(TURN_S))


def landed(cluster: Cluster, since: float) -> tuple[int, int, float]:
    [(all_of_them, arrived, slowest)] = cluster.postgres.ask(LANDED, since)
    return int(str(all_of_them)), int(str(arrived)), float(str(slowest or 0))


def counted(cluster: Cluster) -> int:
    """By the processes themselves, of which each counts its own."""
    texts = [httpx.get(f"{url}/metrics", timeout=20).text for url in cluster.addresses]
    found = [re.search(r"^livedesk_canary_seconds_count (\S+)$", text, flags=re.M) for text in texts]
    return sum(int(float(each[1])) for each in found if each)


def test_one_of_all_processes_flies_at_a_time(cluster: Cluster, tell: Tell) -> None:
    began, before = time.time(), counted(cluster)

    cluster.until(lambda: landed(cluster, began)[1] >= 4, at_most(6 * TURN_S))
    flights, arrived, slowest = landed(cluster, began)
    took = time.time() - began

    tell(f"{arrived} canaries of two processes in {took:.0f} s, the slowest after {slowest:.1f} ms")
    assert flights == arrived <= took / TURN_S + 2
    assert abs(counted(cluster) - before - arrived) <= 1  # one may have landed in between


def test_a_frozen_redis_keeps_none_from_arriving(cluster: Cluster, tell: Tell) -> None:
    """P2: without the doorbell of the others, a page hears its own process, and looks by itself each second."""
    cluster.redis.freeze()
    try:
        began = time.time()
        cluster.until(lambda: landed(cluster, began)[0] >= 3, at_most(6 * TURN_S))
        flights, arrived, slowest = landed(cluster, began)
    finally:
        cluster.redis.thaw()

    tell(f"with Redis frozen the slowest of {flights} canaries took {slowest:.0f} ms")
    assert flights == arrived


def test_a_commit_that_hangs_is_told_as_that_turn_after_turn(cluster: Cluster, tell: Tell) -> None:
    """R-CANARY: a lock that nobody releases takes no thread for good: more turns fail than the processes have threads,
    the alert says that the commit did, and the first turn after the lock arrives."""
    stage = "SELECT count(*) FROM canary_flight WHERE failed = 'commit' AND ended_at > to_timestamp(%s)"
    why = "SELECT why FROM alerts_alert WHERE raised_at > to_timestamp(%s)"
    stream = "SELECT count(*) FROM live_stream WHERE name = 'canary'"
    cluster.until(lambda: cluster.postgres.ask(stream) == [(1,)], at_most(4 * TURN_S))  # the first canary made it
    began = time.time()
    with psycopg.connect(cluster.postgres.url) as holder:
        held = holder.execute("SELECT name FROM live_stream WHERE name = 'canary' FOR UPDATE").fetchall()
        assert held == [("canary",)]
        cluster.until(lambda: cluster.postgres.ask(stage, began)[0][0] >= 6, at_most(10 * TURN_S))  # type: ignore[operator]
        cluster.until(lambda: bool(cluster.postgres.ask(why, began)), at_most(30))
        took = time.time() - began
    released = time.time()
    cluster.until(lambda: landed(cluster, released)[1] >= 1, at_most(4 * TURN_S))

    tell(f"six canaries whose commit hung had failed, and an alert said so, after {took:.0f} s")
    assert cluster.postgres.ask(why, began) == [("the last one failed to commit",)]
