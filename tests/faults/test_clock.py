"""P15: one process's clock is a minute wrong. Nothing is lost or reordered, nobody is signed out, one desk matches."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.patience import at_most
from tests.services import program

from .clients import Crowd
from .cluster import Cluster
from .conftest import StartCluster, Tell
from .programs import Manage

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TAKES_OVER = at_most(10.0)
QUOTES = at_most(5.0)
QUOTED_WITHIN = at_most(5.0)
SKEWS = ["+65s", "-65s"]


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    program("faketime")
    return start_cluster(webs=2, desks=2)


def wait_for_quotes(crowd: Crowd) -> float:
    """Seconds until every page shows a quote newer than any before; it must be of now, and not of a wrong clock."""
    newest = max(page.quoted_at for page in crowd.pages)
    took = crowd.wait(lambda page: page.quoted_at > newest, 40)
    assert all(abs(time.time() - page.quoted_at) < QUOTED_WITHIN for page in crowd.pages)
    return took


def restart(process: Manage, skew: str = "") -> None:
    """With a clock that is so much off, or right again; the monotonic one is never touched."""
    process.end()
    library = next(iter(sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))))
    wrong = {
        "LD_PRELOAD": str(library),
        "FAKETIME": skew,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else threads that wait for Python's lock spin, and the process crawls
    }
    process.start(**(wrong if skew else {}))


@pytest.mark.parametrize("skew", SKEWS)
def test_a_web_process(cluster: Cluster, skew: str, tell: Tell) -> None:
    """Orders that need a fresh quote may be refused there: by its clock no quote is fresh. Nothing else suffers."""
    web = cluster.webs[1]
    restart(web, skew)
    with cluster.crowd(cluster.members(15), tabs=2) as crowd:
        flow = cluster.orders(cluster.members(15))
        time.sleep(6)
        events = cluster.settle(crowd)

        told = cluster.check(crowd, flow)
        tell(f"web clock {skew}: events {events:.2f} s; {told}")
        assert set(crowd.ended) == set()
        restart(web)


@pytest.mark.parametrize("skew", SKEWS)
def test_a_standby_desk(cluster: Cluster, skew: str, tell: Tell) -> None:
    """It must not take the lease from the living one, and must take it from a dead one."""
    one = cluster.active_desk()
    assert one
    other = next(desk for desk in cluster.desks if desk is not one)
    restart(other, skew)
    with cluster.crowd(cluster.members(5)) as crowd:
        flow = cluster.orders(cluster.members(15))
        ends = time.monotonic() + 5
        holders = set()
        while time.monotonic() < ends:
            holders.add(cluster.active_desk())
            time.sleep(0.1)
        one.kill()
        took = cluster.until(lambda: cluster.active_desk() is other, 40)
        quotes = wait_for_quotes(crowd)
        one.start()
        other.kill()
        took_back = cluster.until(lambda: cluster.active_desk() is one, 40)
        quotes_back = wait_for_quotes(crowd)

        told = cluster.check(crowd, flow)
        tell(f"standby desk clock {skew}: takes over after {took:.2f} s, quotes {quotes:.2f} s after that; {told}")
        tell(f"from a desk with clock {skew}: taken over after {took_back:.2f} s, quotes {quotes_back:.2f} s later")
        assert holders == {one}
        assert max(took, took_back) < TAKES_OVER
        assert max(quotes, quotes_back) < QUOTES
