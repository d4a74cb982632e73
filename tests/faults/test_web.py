"""P4, P4b: a web process killed, frozen or drained. Its pages are true again by themselves, no order is lost."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.patience import at_most

from .clients import Crowd
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TRUE_AGAIN = at_most(5.0)
ENDS = FORGOTTEN = at_most(10.0)
TABS = 5  # as many as one user may have


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=1)


@pytest.fixture(scope="module")
def crowd(cluster: Cluster) -> Crowd:
    return cluster.crowd(cluster.members(12), tabs=TABS)


def test_a_killed_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-CONN: the pages find the other process; those that were there already notice nothing."""
    flow, web = cluster.orders(cluster.members(12)), cluster.webs[0]
    crowd.forget_ends()

    web.kill()
    lines = crowd.wait_until_heard(time.time() + 0.2)  # what it had sent may still be read
    events = cluster.settle(crowd)
    web.start()
    cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"web killed: every page back after {lines:.2f} s and true after {lines + events:.2f} s; {told}")
    assert lines + events < TRUE_AGAIN
    assert set(crowd.ended) <= {1006, "ConnectionRefusedError"}


def test_a_frozen_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """Five seconds are no reason to leave: the pages wait, and get what they missed."""
    flow, web = cluster.orders(cluster.members(12)), cluster.webs[0]
    crowd.forget_ends()

    web.freeze()
    time.sleep(5)
    web.thaw()
    events = cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"web frozen 5 s: true {events:.2f} s after; {told}")
    assert events < TRUE_AGAIN
    assert set(crowd.ended) == set()


def test_a_drained_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-DRAIN: every page is told to come back, at moments of its own; every request that was begun is answered."""
    cluster.forget_tracebacks()
    flow, web = cluster.orders(cluster.members(12), pace=0.02), cluster.webs[0]
    crowd.forget_ends()
    started = time.monotonic()

    web.signal(web.TERM)
    code = web.wait()
    took = time.monotonic() - started
    crowd.wait_until_heard(time.time())
    events = cluster.settle(crowd)
    true_again = time.monotonic() - started
    web.start()

    told = cluster.check(crowd, flow)
    tell(f"web drained: ended after {took:.2f} s, every page true after {true_again:.2f} s; {told}")
    assert code == 0
    assert took < ENDS
    assert events < TRUE_AGAIN
    assert set(crowd.ended) <= {4503, "ConnectionRefusedError"}
    assert set(told.troubles) <= {"ConnectError"}
    assert cluster.tracebacks() == []


def test_health_is_of_all_processes(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-HEALTH: whichever is asked knows every page; a dead process and its pages are gone within ten seconds."""

    def says(processes: int, connections: int) -> bool:
        report = httpx.get(f"{cluster.webs[1].url}/health", timeout=20).json()
        return (report["processes"], report["websocket"]["connections"]) == (processes, connections)

    pages = len(crowd.pages)
    crowd.wait_until_connected()
    cluster.until(lambda: says(2, pages), 40)

    cluster.webs[0].kill()
    crowd.wait_until_heard(time.time() + 0.2)
    gone = cluster.until(lambda: says(1, pages), 40)
    cluster.webs[0].start()
    cluster.until(lambda: says(2, pages), 40)

    tell(f"a dead process is gone from /health {gone:.2f} s after its pages are back")
    assert gone < FORGOTTEN
