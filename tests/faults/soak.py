"""`make soak`: a deployment under every fault, over and over, in an order that the seed gives; no part of `make test`.

web-0 is frozen but never ended: its memory must not grow. After each fault every page must be true again, and lists
and money are proven; at the end the answers to traders too.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from statistics import median

import pytest

from apps.trades.lists import SHOWN

from .clients import Crowd, Member, StuckLine, Watch
from .cluster import Cluster
from .conftest import SEED, StartCluster
from .fuzz import frame
from .programs import Program

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
MEMBERS, TABS, TRADERS = 34, 3, 150
ALL_TRUE = 15.0
FILLS_LISTS = 600.0
FILLS, LET_GO = 40.0, 20.0  # seconds; on a machine that does all of this at once
CHURNED, STUCK, NONSENSE = 200, 10, 5000
WARM_UP = 5  # minutes in which memory may still find its size
JUDGED = 10  # minutes from which a slope says something
GROWS_KB = 1000  # in ten minutes
SPARE = 10  # files: idle connections to the database and to Redis

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis, pytest.mark.timeout(60 * MINUTES + 600)]


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 -- who runs it waits for half an hour


class Faults:
    """Each method does one thing to the deployment and leaves it as it was."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.dice = cluster, cluster.dice
        self.lasting, self.victim = cluster.webs
        self.guests = cluster.members(TRADERS)[-STUCK:]

    def all(self) -> list[Callable[[], None]]:
        named = {name: value for name, value in vars(Faults).items() if name[0] != "_" and value.__doc__}
        return [getattr(self, name) for name in named if name not in {"all"}]

    def _pause(self, least: float, most: float) -> None:
        time.sleep(self.dice.uniform(least, most))

    def _end(self, process: Program, *, kill: bool) -> None:
        if kill:
            process.kill()
        else:
            process.signal(process.TERM)
            assert process.wait() == 0
        self._pause(0, 1)
        process.start()

    def _freeze(self, process: Program, least: float, most: float) -> None:
        process.freeze()
        self._pause(least, most)
        process.thaw()

    def redis_killed(self) -> None:
        """And started again."""
        self._end(self.cluster.redis, kill=True)

    def redis_frozen(self) -> None:
        """It takes connections and answers nothing."""
        self._freeze(self.cluster.redis, 1, 5)

    def postgres_crashed(self) -> None:
        """And recovered."""
        self.cluster.postgres.crash()
        self._pause(0, 1)
        self.cluster.postgres.start()

    def web_killed(self) -> None:
        """Its pages find the other one."""
        self._end(self.victim, kill=True)

    def web_drained(self) -> None:
        """As a deploy does it."""
        self._end(self.victim, kill=False)

    def web_frozen(self) -> None:
        """Either of them."""
        self._freeze(self.dice.choice(self.cluster.webs), 1, 5)

    def desk_killed(self) -> None:
        """The one that works."""
        self._end(self.cluster.active_desk() or self.cluster.desks[0], kill=True)

    def desk_stopped(self) -> None:
        """It hands over."""
        self._end(self.cluster.active_desk() or self.cluster.desks[0], kill=False)

    def desk_frozen(self) -> None:
        """For so long that it loses the lease, or nearly."""
        self._freeze(self.cluster.active_desk() or self.cluster.desks[0], 2, 7)

    def pages_come_and_go(self) -> None:
        """Without a word."""
        for _ in range(CHURNED):
            StuckLine(self.lasting.port, self.dice.choice(self.guests)).close()

    def pages_stuck(self) -> None:
        """They read nothing until they are let go."""
        lines = [StuckLine(self.lasting.port, guest) for guest in self.guests]
        watch, ends = Watch(self.lasting.port, lines), time.monotonic() + FILLS + LET_GO
        while not watch.all_gone and time.monotonic() < ends:
            watch.look()
            time.sleep(0.1)
        for line in lines:
            line.close()
        assert watch.all_gone
        assert watch.slowest < LET_GO

    def nonsense(self) -> None:
        """Frames that no page would send."""
        dice = random.Random(self.dice.random())
        for _ in range(NONSENSE // 100):
            line = StuckLine(self.lasting.port, dice.choice(self.guests), "/ws/activity/", window=65536)
            with contextlib.suppress(OSError):
                line.line.sendall(b"".join(frame(dice) for _ in range(100)))
            line.close()


class Memory:
    """What processes hold, sampled beside the test: (minutes since the start, kB) of each start of each."""

    def __init__(self, programs: list[Program]) -> None:
        self.programs, self.samples = programs, defaultdict[tuple[str, int], list[tuple[float, int]]](list)
        self.started, self.stopping = time.monotonic(), threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        while not self.stopping.wait(2):
            minutes = (time.monotonic() - self.started) / 60
            for one in self.programs:
                with contextlib.suppress(OSError, TypeError):  # ended just now
                    self.samples[one.name, one.pid].append((minutes, one.resident_kb()))

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()

    def by_minute(self, program: Program) -> list[float]:
        """The median of each whole minute (kB)."""
        minutes = defaultdict[int, list[int]](list)
        for at, size in self.samples[program.name, program.pid]:
            minutes[int(at)].append(size)
        return [median(sizes) for _, sizes in sorted(minutes.items())]

    def most(self) -> dict[str, int]:
        """The most that any start of each program held (kB)."""
        most = Counter[str]()
        for (name, _), samples in self.samples.items():
            most[name] = max([most[name], *(size for _, size in samples)])
        return dict(sorted(most.items()))


@pytest.fixture
def cluster(start_cluster: StartCluster) -> Cluster:
    say(f"FAULT_SEED={SEED}, {MINUTES:g} minutes")
    return start_cluster(webs=2, desks=2, WS_MAX_PER_USER="0")


@pytest.fixture
def memory(cluster: Cluster) -> Iterator[Memory]:
    memory = Memory([*cluster.webs, *cluster.desks])
    yield memory
    memory.stop()


def true_again(cluster: Cluster, crowd: Crowd) -> float:
    """Seconds until every page is true and shows new quotes; proves lists and money."""
    started = time.monotonic()
    crowd.wait_until_heard(time.time(), ALL_TRUE)
    cluster.settle(crowd, ALL_TRUE)
    now = time.time()
    crowd.wait(lambda page: page.quoted_at > now, ALL_TRUE)
    took = time.monotonic() - started
    cluster.prove(crowd)
    return took


def fill_lists(cluster: Cluster, members: list[Member]) -> None:
    """As long as pages may be: a list that gets longer takes memory, and would hide what leaks."""
    working = "SELECT count(*) FROM trades_order WHERE status = 'new' GROUP BY account_id"

    def are_full() -> bool:
        counts = [int(str(count)) for (count,) in cluster.oracle.ask(working)]
        return len(counts) == len(members) and min(counts) >= SHOWN

    flow = cluster.orders(members, pace=0.01)
    cluster.until(are_full, FILLS_LISTS)
    assert cluster.oracle.broken_orders(flow.stop()) == {}
    say(f"every list of orders is full: {SHOWN}")


def test_soak(cluster: Cluster, memory: Memory) -> None:
    faults, members = Faults(cluster), cluster.members(MEMBERS)
    fill_lists(cluster, members)
    flow = cluster.orders(cluster.members(TRADERS), pace=2.0)
    with cluster.crowd(members, tabs=TABS) as crowd:
        true_again(cluster, crowd)
    time.sleep(1)
    files, took = faults.lasting.open_files(), defaultdict[str, list[float]](list)

    with cluster.crowd(members, tabs=TABS) as crowd:
        ends, planned = time.monotonic() + 60 * MINUTES, faults.all()
        while time.monotonic() < ends:
            cluster.dice.shuffle(planned)
            for fault in planned:
                if time.monotonic() < ends:
                    fault()
                    took[fault.__name__].append(true_again(cluster, crowd))
                    size = faults.lasting.resident_kb()
                    say(f"{fault.__name__}: true again after {took[fault.__name__][-1]:.2f} s; {size} kB")
        told = cluster.check(crowd, flow)

    cluster.until(lambda: faults.lasting.open_files() <= files + SPARE, 20)
    memory.stop()
    sizes = memory.by_minute(faults.lasting)
    late = list(enumerate(sizes))[min(WARM_UP, len(sizes) // 2) :]
    slopes = [(b - a) / (after - before) for (before, a), (after, b) in combinations(late, 2)]
    grown = 10 * median(slopes or [0.0])
    say("")
    for name, seconds in sorted(took.items()):
        say(f"{name}: {len(seconds)} times, true again after {max(seconds):.2f} s at most")
    say(f"the most memory, kB: {memory.most()}")
    say(f"memory of {faults.lasting.name} minute by minute, kB: {', '.join(f'{size:.0f}' for size in sizes)}")
    say(f"memory of {faults.lasting.name}: {grown:+.0f} kB in ten minutes, by the last {len(late)} minutes")
    say(f"{len(cluster.tracebacks())} faults in the logs; {told}; FAULT_SEED={SEED}")
    assert len(late) < JUDGED or grown < GROWS_KB
