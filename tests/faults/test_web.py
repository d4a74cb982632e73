"""P4, P4b: a web process killed, frozen or drained. Its pages are true again by themselves, no order is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.patience import at_most

from .clients import Crowd, Page
from .cluster import Cluster
from .conftest import StartCluster, Tell
from .programs import Web

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TRUE_AGAIN = at_most(5.0)
ENDS = FORGOTTEN = at_most(10.0)
TABS = 5  # as many as one user may have
FEWEST = 12  # of the sixty pages, on the process that is spoilt


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=1)


@pytest.fixture
def crowd(cluster: Cluster) -> Iterator[Crowd]:
    """For each test anew, and so on both processes: pages whose process was spoilt stay where they went."""
    with cluster.crowd(cluster.members(12), tabs=TABS) as crowd:
        yield crowd


def victim(cluster: Cluster, crowd: Crowd) -> tuple[Web, list[Page], list[Page]]:
    """One of the two processes, the pages that it holds, and the others: a fault that no page feels shows nothing."""
    web = cluster.dice.choice(cluster.webs)
    held = crowd.held_by(web.url)
    others = [page for page in crowd.pages if page not in held]
    assert min(len(held), len(others)) >= FEWEST
    return web, held, others


def without(pages: list[Page], end: int) -> list[Page]:
    """The pages whose line did not end so."""
    return [page for page in pages if not page.ended[end]]


def test_a_killed_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-CONN: the pages find the other process; those that were there already notice nothing."""
    flow = cluster.orders(cluster.members(12))
    crowd.forget_ends()
    web, held, others = victim(cluster, crowd)

    web.kill()
    lines = crowd.wait_until_heard(time.time() + 0.2)  # what it had sent may still be read
    events = cluster.settle(crowd)
    web.start()
    cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"web killed with {len(held)} pages: all back after {lines:.2f} s, true after {lines + events:.2f} s; {told}")
    assert lines + events < TRUE_AGAIN
    assert without(held, 1006) == []
    assert [page for page in others if page.ended] == []
    assert set(crowd.ended) <= {1006, "ConnectionRefusedError"}


def test_a_frozen_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """Five seconds are no reason to leave: the pages wait, and get what they missed."""
    flow = cluster.orders(cluster.members(12))
    crowd.forget_ends()
    web, held, others = victim(cluster, crowd)

    web.freeze()
    time.sleep(5)
    now = time.time()
    quiet, loud = min(now - page.last_word for page in held), max(now - page.last_word for page in others)
    web.thaw()
    events = cluster.settle(crowd)

    told = cluster.check(crowd, flow)
    tell(f"web frozen 5 s with {len(held)} pages: true {events:.2f} s after; {told}")
    assert quiet > 4 > loud
    assert events < TRUE_AGAIN
    assert set(crowd.ended) == set()


def test_a_drained_process(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-DRAIN: every page is told to come back, at moments of its own; every request that was begun is answered."""
    cluster.forget_tracebacks()
    flow = cluster.orders(cluster.members(12), pace=0.02)
    crowd.forget_ends()
    web, held, others = victim(cluster, crowd)
    started = time.monotonic()

    web.signal(web.TERM)
    code = web.wait()
    took = time.monotonic() - started
    crowd.wait_until_heard(time.time())
    events = cluster.settle(crowd)
    true_again = time.monotonic() - started
    web.start()

    told = cluster.check(crowd, flow)
    tell(
        f"web drained of {len(held)} pages: ended after {took:.2f} s, every page true after {true_again:.2f} s; {told}"
    )
    assert code == 0
    assert took < ENDS
    assert events < TRUE_AGAIN
    assert without(held, 4503) == []
    assert [page for page in others if page.ended] == []
    assert set(crowd.ended) <= {4503, "ConnectionRefusedError"}
    assert set(told.troubles) <= {"ConnectError", "ReadError"}  # the kernel had taken a call, the process had not
    assert cluster.tracebacks() == []


def test_health_is_of_all_processes(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """R-HEALTH: whichever is asked knows every page; a dead process and its pages are gone within ten seconds."""
    web, held, others = victim(cluster, crowd)

    def says(processes: int, connections: int) -> bool:
        report = httpx.get(f"{others[0].address}/health", timeout=20).json()
        return (report["processes"], report["websocket"]["connections"]) == (processes, connections)

    pages = len(crowd.pages)
    cluster.until(lambda: says(2, pages), 40)

    web.kill()
    crowd.wait_until_heard(time.time() + 0.2)
    gone = cluster.until(lambda: says(1, pages), 40)
    web.start()
    cluster.until(lambda: says(2, pages), 40)

    tell(f"a dead process is gone from /health {gone:.2f} s after its {len(held)} pages are back")
    assert gone < FORGOTTEN
