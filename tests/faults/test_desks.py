"""R-SCALE: two web processes and two desks, each killed in turn; one desk matches at a time, a standby takes over."""

from __future__ import annotations

import time

import pytest

from tests.patience import at_most

from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

TAKES_OVER = at_most(10.0)
TRUE_AGAIN = at_most(5.0)


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=2)


def next_fill(cluster: Cluster) -> float:
    """Seconds until an order is executed that was not."""
    count = "SELECT count(*) FROM trades_fill"
    before = cluster.postgres.ask(count)
    return cluster.until(lambda: cluster.postgres.ask(count) != before, 40)


def test_each_process_killed_in_turn(cluster: Cluster, tell: Tell) -> None:
    with cluster.crowd(cluster.members(15), tabs=2) as crowd:
        flow = cluster.orders(cluster.members(15))
        next_fill(cluster)
        victims = [*cluster.webs, *cluster.desks]
        cluster.dice.shuffle(victims)

        took: dict[str, float] = {}
        for victim in victims:
            name = f"active {victim.name}" if victim is cluster.active_desk() else victim.name
            started = time.monotonic()
            victim.kill()
            next_fill(cluster)
            crowd.wait_until_heard(time.time())
            cluster.settle(crowd)
            took[name] = time.monotonic() - started
            victim.start()

        told = cluster.check(crowd, flow)
        tell(
            "killed in turn, until filled, connected and true: " + ", ".join(f"{k} {v:.2f} s" for k, v in took.items())
        )
        tell(f"killed in turn: {told}")
        assert max(took.values()) < TAKES_OVER


def test_a_desk_that_was_frozen_finds_another_in_its_place(cluster: Cluster, tell: Tell) -> None:
    """It must know before it matches: whoever slept has lost the lease."""
    with cluster.crowd(cluster.members(5)) as crowd:
        flow = cluster.orders(cluster.members(15))
        desk = cluster.active_desk()
        assert desk

        desk.freeze()
        started = time.monotonic()
        cluster.until(lambda: cluster.active_desk() not in {desk, None}, 20)
        next_fill(cluster)
        took = time.monotonic() - started
        desk.thaw()
        next_fill(cluster)
        heir = cluster.active_desk()

        told = cluster.check(crowd, flow)
        tell(f"desk frozen: the standby fills after {took:.2f} s; {told}")
        assert took < TAKES_OVER
        assert heir is not desk


def test_a_desk_that_is_stopped_hands_over_at_once(cluster: Cluster, tell: Tell) -> None:
    with cluster.crowd(cluster.members(5)) as crowd:
        flow = cluster.orders(cluster.members(15))
        desk = cluster.active_desk()
        assert desk
        started = time.monotonic()

        desk.signal(desk.TERM)
        code = desk.wait()
        next_fill(cluster)
        took = time.monotonic() - started
        desk.start()

        told = cluster.check(crowd, flow)
        tell(f"desk stopped: the standby fills after {took:.2f} s; {told}")
        assert code == 0
        assert took < TRUE_AGAIN
