"""P22: pages whose questions hang in the database hold up nobody else's frames."""

from __future__ import annotations

import time

import psycopg
import pytest

from tests.patience import at_most

from .clients import StuckLine
from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

HANGS = 3.0
LAG_P99 = LONGEST = at_most(0.4)  # a loop that waited would show HANGS


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1, SIM_RATE="10")


@pytest.mark.parametrize("hanging", [1, 12], ids=["one page", "more pages than threads that ask"])
def test_a_question_that_hangs(cluster: Cluster, hanging: int, tell: Tell) -> None:
    """A page is let in by its session, and nobody may read that table."""
    port = cluster.webs[0].port
    with cluster.crowd(cluster.members(5)) as crowd, psycopg.connect(cluster.postgres.url) as other:
        now = time.time()
        crowd.wait(lambda page: page.quoted_at > now + 1, 40)
        for page in crowd.pages:
            page.longest_silence = 0.0
        crowd.forget_lags()

        other.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        waiting = [StuckLine(port, member, window=65536) for member in cluster.members(30)[-hanging:]]
        time.sleep(HANGS)
        p99, silence = crowd.lag_p99(), max(page.longest_silence for page in crowd.pages)
        hung = [line for line in waiting if not line.has_word(0.0)]
        other.rollback()
        answered = [line for line in waiting if line.has_word(20.0)]
        for line in waiting:
            line.close()

    tell(
        f"{hanging} questions hang {HANGS:g} s: others' quotes P99 {p99 * 1000:.0f} ms, {silence:.2f} s apart at most"
    )
    assert len(hung) == len(answered) == hanging
    assert p99 < LAG_P99
    assert silence < LONGEST
    assert cluster.tracebacks() == []
