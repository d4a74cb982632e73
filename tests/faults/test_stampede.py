"""P20: five hundred pages come back at once after a restart, and the desk stays open for everybody else."""

from __future__ import annotations

import statistics
import threading
import time

import httpx
import pytest

from tests.patience import at_most

from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

MEMBERS, TABS = 125, 4
TRUE_AGAIN = at_most(10.0)
PAGES = ("/", "/portfolio/", "/orders/", "/live/poll/desk/", "/accounts/login/")


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1, SIM_RATE="1")


class Visitor:
    """Asks for page after page, as somebody without a socket does."""

    def __init__(self, url: str, session: str) -> None:
        self.url, self.cookie = url, {"Cookie": f"sessionid={session}"}
        self.answers: list[tuple[int, float]] = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.visit)
        self.thread.start()

    def visit(self) -> None:
        with httpx.Client(base_url=self.url, headers=self.cookie, timeout=30) as client:
            number = 0
            while not self.stopping.wait(0.1):
                answer = client.get(PAGES[number % len(PAGES)])
                self.answers.append((answer.status_code, answer.elapsed.total_seconds()))
                number += 1

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(40)


def test_five_hundred_pages_after_a_restart(cluster: Cluster, tell: Tell) -> None:
    crowd, web = cluster.crowd(cluster.members(MEMBERS), tabs=TABS), cluster.webs[0]
    flow = cluster.orders(cluster.members(20))
    cluster.settle(crowd)

    web.kill()
    web.start()
    started = time.monotonic()
    visitor = Visitor(web.url, cluster.sessions[-1])
    lines = crowd.wait_until_connected(60)
    cluster.settle(crowd)
    took = time.monotonic() - started
    visitor.stop()

    told = cluster.check(crowd, flow)
    waits = statistics.quantiles([wait for _, wait in visitor.answers], n=20)[-1]
    tell(f"500 pages after a restart: all back {lines:.2f} s, all true {took:.2f} s after it answers; {told}")
    tell(f"500 pages after a restart: {len(visitor.answers)} pages by HTTP meanwhile, P95 {waits:.2f} s")
    assert took < TRUE_AGAIN
    assert [status for status, _ in visitor.answers if status >= 500] == []
    assert not {name for name in told.troubles if name.isdigit()}
    assert cluster.tracebacks() == []
