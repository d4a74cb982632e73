"""P5: pages that read slowly or not at all cost little, harm nobody and are let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.patience import at_most

from .clients import StuckLine, Watch
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

STUCK, SLOW = 20, 5
GROWS_KB = 20_000
LET_GO = at_most(10.0)
FILLS = 6.0  # seconds until a line that nobody reads is full
LAG_P99 = at_most(0.2)


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1, SIM_RATE="10")


@pytest.fixture
def slow_readers(cluster: Cluster) -> Iterator[None]:
    """Pages over a line that carries 10 kB a second."""
    lines = [StuckLine(cluster.webs[0].port, member) for member in cluster.members(60)[-SLOW:]]
    stopping = threading.Event()

    def dribble() -> None:
        while not stopping.wait(0.1):
            for line in lines:
                line.read_some(1000)

    thread = threading.Thread(target=dribble)
    thread.start()
    yield
    stopping.set()
    thread.join()
    for line in lines:
        line.close()


def test_twenty_stuck_pages(cluster: Cluster, slow_readers: None, tell: Tell) -> None:
    crowd, web = cluster.crowd(cluster.members(10), tabs=2), cluster.webs[0]
    flow = cluster.orders(cluster.members(30))
    cluster.settle(crowd)
    time.sleep(2)
    before = web.resident_kb()

    started = time.monotonic()
    stuck = [StuckLine(web.port, member) for member in cluster.members(30)[-STUCK:]]
    crowd.forget_lags()
    watch = Watch(web.port, stuck)
    peak = before
    while not watch.all_gone and time.monotonic() - started < FILLS + 2 * LET_GO:
        watch.look()
        peak = max(peak, web.resident_kb())
        time.sleep(0.05)
    p99 = crowd.lag_p99()
    for line in stuck:
        line.close()

    told = cluster.check(crowd, flow)
    tell(
        f"{STUCK} stuck and {SLOW} slow pages: +{peak - before} kB, "
        f"let go within {watch.slowest:.1f} s of full, "
        f"the others' quotes P99 {p99 * 1000:.0f} ms; {told}"
    )
    assert peak - before < GROWS_KB
    assert p99 < LAG_P99
    assert watch.all_gone
    assert watch.slowest < LET_GO
    assert set(crowd.ended) == set()
    assert cluster.tracebacks() == []
