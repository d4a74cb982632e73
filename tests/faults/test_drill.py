"""The drill itself: what it prints is what the deployment said, and what nobody notices does not pass."""

from __future__ import annotations

import re

import pytest

from tests.patience import at_most
from tools.drill import SETTINGS, Break, Drill

from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

NOTICED = at_most(4.0)  # health looks every two seconds
OVER = at_most(10.0)
LINE = re.compile(r"^  +\+(\d+\.\d) s  (.+)$")


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=2, desks=2, proxied=True, **SETTINGS)


def test_a_break_is_printed_from_its_first_sign_to_its_end(cluster: Cluster, tell: Tell) -> None:
    """R-DRILL: Redis is killed; both web processes say so, then that all is well, and nothing else is wrong."""
    printed: list[str] = []
    with cluster.crowd(cluster.members(5)) as crowd:
        flow = cluster.orders(cluster.members(5))
        drill = Drill(cluster, crowd, printed.append)
        [outcome] = drill.run([one for one in drill.breaks() if one.name == "redis"])
        told = cluster.check(crowd, flow)

    lines = printed[printed.index("\nRedis is killed") + 1 :]
    found = [match.groups() for line in lines if (match := LINE.match(line))]
    moments, words = [float(at) for at, _ in found], [said for _, said in found]
    begun = words.index("mending begins")
    tell(f"drill: {outcome}; {told}")
    assert outcome.noticed is not None
    assert outcome.over is not None
    assert outcome.noticed < NOTICED
    assert outcome.over < OVER
    assert len(found) == len(lines)
    assert moments == sorted(moments)
    for web in ("web-0", "web-1"):
        ill = [line.startswith(f"/health of {web}: degraded, redis down (") for line in words].index(True)
        well = len(words) - 1 - words[::-1].index(f"/health of {web}: healthy, 2 web processes")
        assert ill < begun < well
    assert words[-1] == str(outcome)


def test_a_slow_postgresql_is_noticed_and_orders_come_through_in_the_end(cluster: Cluster, tell: Tell) -> None:
    with cluster.crowd(cluster.members(5)) as crowd:
        flow = cluster.orders(cluster.members(5))
        drill = Drill(cluster, crowd, lambda text: None)
        [outcome] = drill.run([one for one in drill.breaks() if one.name == "slow"])
        tell(f"drill: {outcome}; {cluster.check(crowd, flow)}")

    assert outcome.noticed is not None
    assert outcome.over is not None
    assert outcome.noticed < NOTICED
    assert outcome.over < OVER


def test_what_nobody_notices_fails_the_drill(cluster: Cluster) -> None:
    nothing = Break("nothing", "Nothing is broken", lambda: None, lambda: None, ["a word that nobody says"])
    printed: list[str] = []
    with cluster.crowd(cluster.members(1)) as crowd:
        [outcome] = Drill(cluster, crowd, printed.append, patience=at_most(1.0)).run([nothing])

    assert outcome.noticed is None
    assert not outcome.holds
    assert "nothing: NEVER NOTICED" in printed[-1]
