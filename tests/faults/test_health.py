"""R-HEALTH: /health answers at once, and truly, while PostgreSQL or Redis is frozen."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from apps.monitoring.health import BUDGET, EVERY
from tests.patience import at_most

from .cluster import Cluster
from .conftest import StartCluster, Tell
from .programs import Postgres, Redis

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

ASKED = 200
APART = 0.02  # so that looks begin and are given up meanwhile
P99 = at_most(0.05)
SAID = at_most(EVERY + BUDGET + 0.5)  # the next look begins, gives up, and is asked for


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1)


@pytest.fixture
def line(cluster: Cluster) -> Iterator[httpx.Client]:
    """One connection, kept."""
    limits = httpx.Limits(max_connections=1)
    with httpx.Client(base_url=cluster.webs[0].url, timeout=30, limits=limits) as client:
        yield client


def says(line: httpx.Client, name: str, status: str) -> bool:
    return bool(line.get("/health").json()[name]["status"] == status)


def ask_again_and_again(line: httpx.Client) -> tuple[list[float], set[tuple[int, str, str]]]:
    """Seconds of each answer, in order of size, and what was answered: status, and how PostgreSQL and Redis are."""
    took, told = [], set()
    for _ in range(ASKED):
        started = time.perf_counter()
        answer = line.get("/health")
        took.append(time.perf_counter() - started)
        time.sleep(APART)
        report = answer.json()
        told.add((answer.status_code, report["database"]["status"], report["redis"]["status"]))
    return sorted(took), told


@pytest.mark.parametrize(
    ("name", "found", "answer"),
    [("postgres", "database", (503, "down", "ok")), ("redis", "redis", (200, "ok", "down"))],
)
def test_it_answers_at_once_and_truly_while_one_is_frozen(
    cluster: Cluster, line: httpx.Client, tell: Tell, name: str, found: str, answer: tuple[int, str, str]
) -> None:
    server: Postgres | Redis = getattr(cluster, name)
    cluster.until(lambda: says(line, "database", "ok") and says(line, "redis", "ok"), 40)

    server.freeze()
    try:
        said = cluster.until(lambda: says(line, found, "down"), SAID)
        took, told = ask_again_and_again(line)
    finally:
        server.thaw()
    back = cluster.until(lambda: says(line, found, "ok"), SAID)

    p50, p99 = (1000 * took[round(share * ASKED) - 1] for share in (0.5, 0.99))
    tell(f"{name} frozen: /health says so after {said:.1f} s, P50 {p50:.1f} ms, P99 {p99:.1f} ms; back {back:.1f} s")
    assert told == {answer}
    assert p99 < 1000 * P99
