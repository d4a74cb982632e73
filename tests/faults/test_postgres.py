"""P3: PostgreSQL crashes and comes back. Whoever asks again gets one answer; pages are true at once."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.patience import at_most

from .clients import Crowd
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

BACK = at_most(2.0)
DOWN = 1.5
SPOILT_AT_ONCE = 16


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=2)


@pytest.fixture(scope="module")
def crowd(cluster: Cluster) -> Crowd:
    return cluster.crowd(cluster.members(20), tabs=3)


def first_answers(cluster: Cluster) -> tuple[float, int]:
    """The first requests of each process after a crash: the slowest in seconds, and how many failed."""
    session, slowest, failed = cluster.members(1)[0].session, 0.0, 0
    for web in cluster.webs:
        with httpx.Client(base_url=web.url, timeout=40, headers={"Cookie": f"sessionid={session}"}) as client:
            answers = [client.get("/portfolio/") for _ in range(3)]
        slowest = max(slowest, *(answer.elapsed.total_seconds() for answer in answers))
        failed += sum(answer.status_code != 200 for answer in answers)
    return slowest, failed


def test_a_crash_under_load(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    flow = cluster.orders(cluster.members(20))
    cluster.settle(crowd)
    time.sleep(1)

    cluster.postgres.crash()
    time.sleep(DOWN)
    cluster.postgres.start()
    events = cluster.settle(crowd)
    now = time.time()
    quotes = crowd.wait(lambda page: page.quoted_at > now, 40)
    before = sum(cluster.oracle.newest().values())
    orders = cluster.until(lambda: sum(cluster.oracle.newest().values()) > before, 30)
    told = cluster.check(crowd, flow)

    tell(f"postgres back: events {events:.2f} s, quotes {quotes:.2f} s, next order {orders:.2f} s; {told}")
    assert events < BACK
    assert crowd.ended.total() == 0


def test_the_first_requests_after_a_quiet_crash(cluster: Cluster, tell: Tell) -> None:
    """The pool's connections are all dead and nobody has noticed: the first request must not pay for each."""
    first_answers(cluster)
    cluster.postgres.crash()
    cluster.postgres.start()

    slowest, failed = first_answers(cluster)

    tell(f"postgres restarted: first requests {slowest:.2f} s, {failed} failed")
    assert slowest < BACK
    assert failed <= len(cluster.webs)


def test_crash_after_crash(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """Before the first is digested the next one comes."""
    flow = cluster.orders(cluster.members(20))

    for _ in range(3):
        cluster.postgres.crash()
        time.sleep(cluster.dice.uniform(0, 0.5))
        cluster.postgres.start()
        time.sleep(cluster.dice.uniform(0, 1.0))
    events = cluster.settle(crowd)
    told = cluster.check(crowd, flow)

    tell(f"postgres crashed three times: events {events:.2f} s; {told}")
    assert events < BACK
