"""P6: a hundred thousand frames that no page would send, while others watch their quotes."""

from __future__ import annotations

import random
import threading
import time

import pytest

from tests.patience import at_most

from .clients import Member, StuckLine
from .cluster import Cluster
from .conftest import StartCluster, Tell
from .fuzz import frame

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

FRAMES, FIRST, AT_ONCE, THREADS = 100_000, 10_000, 100, 3
GROWS_KB = 15_000
LAG_P99 = at_most(0.2)
SPARE = 4


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1, SIM_RATE="5", WS_MAX_PER_USER="0")


class Fuzzer:
    """A thread that opens a line, sends as much nonsense as it is let, and opens the next."""

    def __init__(self, port: int, member: Member, dice: random.Random, most: int) -> None:
        self.port, self.member, self.dice, self.most = port, member, dice, most
        self.sent = self.lines = 0
        self.errors: list[BaseException] = []
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self) -> None:
        try:
            while self.sent < self.most:
                self.spoil()
        except BaseException as error:
            self.errors.append(error)

    def spoil(self) -> None:
        line = StuckLine(self.port, self.member, "/ws/activity/", window=65536)
        self.lines += 1
        try:
            for _ in range(self.dice.randrange(1, 4)):
                line.line.sendall(b"".join(frame(self.dice) for _ in range(AT_ONCE)))
                self.sent += AT_ONCE
                line.read_some(65536)
        except OSError:
            return
        finally:
            line.close()


def fuzz(cluster: Cluster, frames: int) -> list[Fuzzer]:
    """By three threads at once; returns when all is sent."""
    members = cluster.members(60)[-THREADS:]
    dice = [random.Random(f"{cluster.seed} {frames} {number}") for number in range(THREADS)]
    fuzzers = [Fuzzer(cluster.webs[0].port, *each, frames // THREADS) for each in zip(members, dice, strict=True)]
    for fuzzer in fuzzers:
        fuzzer.thread.join()
    return fuzzers


def test_a_hundred_thousand_senseless_frames(cluster: Cluster, tell: Tell) -> None:
    crowd, web = cluster.crowd(cluster.members(10), tabs=2), cluster.webs[0]
    flow = cluster.orders(cluster.members(10))
    cluster.settle(crowd)
    fuzz(cluster, FIRST)  # from then on it has as many connections to the database as it needs
    crowd.forget_lags()
    before, files = web.resident_kb(), web.open_files()

    started = time.monotonic()
    fuzzers = fuzz(cluster, FRAMES)
    took = time.monotonic() - started
    p99 = crowd.lag_p99()
    cluster.until(lambda: web.open_files() <= files + SPARE, 20)
    grown = web.resident_kb() - before

    told = cluster.check(crowd, flow)
    sent, lines = sum(fuzzer.sent for fuzzer in fuzzers), sum(fuzzer.lines for fuzzer in fuzzers)
    tell(f"{sent} senseless frames on {lines} lines in {took:.1f} s: +{grown} kB; others' quotes {p99 * 1000:.0f} ms")
    tell(f"senseless frames: {told}")
    assert [fuzzer.errors for fuzzer in fuzzers] == [[]] * THREADS
    assert sent >= FRAMES - THREADS * 3 * AT_ONCE
    assert grown < GROWS_KB
    assert p99 < LAG_P99
    assert set(crowd.ended) == set()
    assert cluster.tracebacks() == []
