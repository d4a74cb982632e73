"""P2: Redis killed, frozen, restarted or absent. Pages stay true within a sweep, and nothing is lost."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.patience import at_most

from .clients import Crowd
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

STALE = at_most(2.0)  # seconds without Redis until events are everywhere: the sweep looks once a second
AGED = at_most(1.5)
BACK = at_most(2.0)
MOST_LINES = 100  # four processes that each said it forty times a second would write 480
PAGES = ("/", "/portfolio/", "/orders/", "/watchlist/", "/activity/", "/live/poll/desk/", "/health")


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=2)


@pytest.fixture(scope="module")
def crowd(cluster: Cluster) -> Crowd:
    return cluster.crowd(cluster.members(20), tabs=3)


def meanwhile(cluster: Cluster, crowd: Crowd) -> tuple[float, float]:
    """From when Redis goes: the longest time until events are everywhere, and the most that a page's quotes aged."""
    crowd.forget_ages()
    events = []
    for _ in range(5):
        events.append(cluster.settle(crowd))
        time.sleep(0.4)
    return max(events), crowd.oldest()


def back(cluster: Cluster, crowd: Crowd) -> tuple[float, float]:
    """Once Redis is back: until events and until new quotes are everywhere."""
    now = time.time()
    return cluster.settle(crowd), crowd.wait(lambda page: page.quoted_at > now, 30)


def pages_answer(cluster: Cluster) -> float:
    """Every page and the sign-in, of every web process; the slowest answer in seconds."""
    slowest = 0.0
    for web in cluster.webs:
        with httpx.Client(base_url=web.url, timeout=30, follow_redirects=True) as client:
            client.get("/")
            form = {"trader": "alice", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
            answers = [client.post("/accounts/demo/", data=form), *(client.get(page) for page in PAGES)]
        assert [(str(answer.url), answer.status_code) for answer in answers if answer.status_code != 200] == []
        slowest = max(slowest, *(answer.elapsed.total_seconds() for answer in answers))
    return slowest


def test_redis_killed_and_started_again(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    flow = cluster.orders(cluster.members(20))

    cluster.redis.kill()
    events, quotes = meanwhile(cluster, crowd)
    slowest = pages_answer(cluster)
    cluster.redis.start()
    events_back, quotes_back = back(cluster, crowd)

    told = cluster.check(crowd, flow)
    tell(f"redis killed: events {events:.2f} s, quotes {quotes:.2f} s old, slowest page {slowest:.2f} s")
    tell(f"redis back after a kill: events {events_back:.2f} s, quotes {quotes_back:.2f} s; {told}")
    assert events < STALE
    assert quotes < AGED
    assert max(events_back, quotes_back) < BACK


def test_redis_frozen_and_thawed(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """It takes connections and answers nothing: nobody may wait for it."""
    flow = cluster.orders(cluster.members(20))

    cluster.redis.freeze()
    events, quotes = meanwhile(cluster, crowd)
    slowest = pages_answer(cluster)
    cluster.redis.thaw()
    events_back, quotes_back = back(cluster, crowd)

    told = cluster.check(crowd, flow)
    tell(f"redis frozen: events {events:.2f} s, quotes {quotes:.2f} s old, slowest page {slowest:.2f} s")
    tell(f"redis thawed: events {events_back:.2f} s, quotes {quotes_back:.2f} s; {told}")
    assert events < STALE
    assert quotes < AGED
    assert max(events_back, quotes_back) < BACK


def test_redis_absent_when_processes_start(cluster: Cluster, crowd: Crowd, tell: Tell) -> None:
    """A deploy while Redis is away: the new processes serve, degraded, and join when it comes."""
    cluster.redis.kill()
    for process in (*cluster.webs, *cluster.desks):
        process.end()
        process.start()
    cluster.wait_for_quotes(since=time.time())
    flow = cluster.orders(cluster.members(20))
    crowd.wait_until_connected()
    cluster.settle(crowd)
    now = time.time()
    crowd.wait(lambda page: page.quoted_at > now, 30)
    events, quotes = meanwhile(cluster, crowd)
    health = httpx.get(f"{cluster.webs[0].url}/health", timeout=20)
    cluster.redis.start()
    events_back, quotes_back = back(cluster, crowd)

    told = cluster.check(crowd, flow)
    tell(f"redis absent at start: events {events:.2f} s, quotes {quotes:.2f} s old")
    tell(f"redis come later: events {events_back:.2f} s, quotes {quotes_back:.2f} s; {told}")
    assert (health.status_code, health.json()["status"], health.json()["redis"]["status"]) == (200, "degraded", "down")
    assert events < STALE
    assert quotes < AGED
    assert max(events_back, quotes_back) < BACK


def test_redis_away_is_told_and_not_repeated(cluster: Cluster, crowd: Crowd) -> None:
    """A log that says the same forty times a second hides everything else."""
    cluster.forget_tracebacks()
    cluster.redis.kill()
    before = sum(len(process.said().splitlines()) for process in (*cluster.webs, *cluster.desks))
    time.sleep(3)
    after = sum(len(process.said().splitlines()) for process in (*cluster.webs, *cluster.desks))
    cluster.redis.start()
    back(cluster, crowd)

    assert after - before < MOST_LINES
    assert cluster.tracebacks() == []
