"""`make drill`: breaks a real deployment in one way after another, and prints who noticed, when, and when it ended.

Two web processes, two desks, PostgreSQL and Redis on free ports of this machine, pages that watch, and traders who
place orders meanwhile. Ends with 1 where a break was never noticed or never over, or pages or money were not true.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.faults.clients import Crowd, Page
from tests.faults.cluster import Cluster, make_template
from tests.faults.conftest import SEED, reachable_folder
from tests.faults.programs import Desk

from .timeline import Said, Timeline

MEMBERS, TABS, TRADERS = 10, 2, 20
PATIENCE = 150.0  # seconds until something counts as never
LASTS = 5.0  # at least, however soon it is noticed
FLOOD = 1_200
SETTINGS = {"WS_MAX_PER_USER": "0"}  # so that few traders can hold many sockets


@dataclass(frozen=True)
class Break:
    """Over when all of `wanted` was said (patterns), it was mended, and what is in `ends` was said too."""

    name: str
    words: str
    begin: Callable[[], object]
    mend: Callable[[], object]
    wanted: Sequence[str]
    ends: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """Seconds from the break until it was noticed, and from its mending until all was well; None is never."""

    name: str
    noticed: float | None
    over: float | None

    @property
    def holds(self) -> bool:
        return self.noticed is not None and self.over is not None

    def __str__(self) -> str:
        seen = "NEVER NOTICED" if self.noticed is None else f"noticed after {self.noticed:.1f} s"
        well = "NEVER OVER" if self.over is None else f"all well {self.over:.1f} s after the mending began"
        return f"{self.name}: {seen}, {well}"


class Drill:
    def __init__(self, cluster: Cluster, crowd: Crowd, say: Callable[[str], None], patience: float = PATIENCE) -> None:
        self.cluster, self.crowd, self.say, self.patience = cluster, crowd, say, patience
        self.began = time.monotonic()
        self.timeline = Timeline(cluster, self.tell)
        self.flood: Crowd | None = None
        self.killed: list[Desk] = []
        self.holder: psycopg.Connection | None = None

    def tell(self, said: Said) -> None:
        self.say(f"  {said.at - self.began:+7.1f} s  {said}")

    def breaks(self) -> list[Break]:
        cluster, frozen = self.cluster, self.cluster.proxies["postgres"]

        def each(words: str) -> list[str]:
            return [f"/health of {web.name}: {words}" for web in cluster.webs]

        return [
            Break("redis", "Redis is killed", cluster.redis.kill, cluster.redis.start, each("degraded, redis down")),
            Break(
                "postgres",
                "PostgreSQL answers nothing any more",
                lambda: frozen.become("blackhole"),
                lambda: frozen.become("pass"),
                each("down, database down"),
            ),
            Break(
                "slow",
                "PostgreSQL has everybody wait for the state of the market",
                self.hold_table,
                self.let_table_go,
                each("down, feed down"),
            ),
            Break(
                "sockets",
                f"{FLOOD:,} pages more are opened",
                self.open_many,
                self.close_many,
                [r"alert \d+: info, More than 1,000 connections, raised"],
                [r"alert \d+: info, More than 1,000 connections, resolved"],
            ),
            Break(
                "web",
                "a web process is killed",
                cluster.webs[0].kill,
                cluster.webs[0].start,
                [r"/health of web-0: no answer", r"/health of web-1: healthy, 1 web processes"],
            ),
            Break(
                "desk", "the active desk is killed", self.kill_active, self.start_desks, [r"desk: desk-\d is active"]
            ),
            Break(
                "desks",
                "every desk is killed",
                self.kill_desks,
                self.start_desks,
                [
                    *each("down, feed down"),
                    r"alert \d+: critical, Five failed health checks, raised",
                    r"incident \d+: P0, The desk is down",
                ],
                [r"alert \d+: critical, Five failed health checks, resolved"],
            ),
        ]

    def open_many(self) -> None:
        dice = random.Random(f"{self.cluster.seed} flood")
        members, addresses = self.cluster.members(100), self.cluster.addresses
        pages = [Page(members[number % 100], addresses, dice, "/ws/activity/") for number in range(FLOOD)]
        self.flood = Crowd(self.cluster.background, pages)

    def close_many(self) -> None:
        if self.flood:
            self.flood.background.stop(self.flood.lives)

    def hold_table(self) -> None:
        """As a change of its columns would, which cannot go on."""
        self.holder = psycopg.connect(self.cluster.postgres.url)
        self.holder.execute("LOCK TABLE market_marketstate")

    def let_table_go(self) -> None:
        if self.holder:
            self.holder.close()

    def kill_active(self) -> None:
        self.killed = [self.cluster.active_desk() or self.cluster.desks[0]]
        self.killed[0].kill()

    def kill_desks(self) -> None:
        self.killed = list(self.cluster.desks)
        for desk in self.killed:
            desk.kill()

    def start_desks(self) -> None:
        for desk in self.killed:
            desk.start()

    def run(self, breaks: Sequence[Break]) -> list[Outcome]:
        """Each in turn, once all is well."""
        with self.timeline:
            self.wait(lambda: self.timeline.is_well, PATIENCE)
            return [self.try_one(one) for one in breaks]

    def try_one(self, one: Break) -> Outcome:
        self.say(f"\n{one.words}")
        since = self.began = time.monotonic()
        one.begin()
        noticed = None
        if self.wait(lambda: all(self.timeline.first(words, since) for words in one.wanted), self.patience):
            noticed = max(said.at for words in one.wanted if (said := self.timeline.first(words, since))) - since
        self.wait(lambda: time.monotonic() - since > LASTS, LASTS + 1)
        mended = time.monotonic()
        self.say(f"  {mended - since:+7.1f} s  mending begins")
        one.mend()
        over = None
        if self.wait(lambda: self.is_over(one, since), self.patience) and self.pages_are_true():
            over = time.monotonic() - mended
        outcome = Outcome(one.name, noticed, over)
        self.say(f"  {time.monotonic() - since:+7.1f} s  {outcome}")
        return outcome

    def is_over(self, one: Break, since: float) -> bool:
        return self.timeline.is_well and all(self.timeline.first(words, since) for words in one.ends)

    def pages_are_true(self) -> bool:
        """Each page has what happened until now, and quotes that came later."""
        now = time.time()
        try:
            self.cluster.settle(self.crowd, self.patience)
            self.crowd.wait(lambda page: page.quoted_at > now, self.patience)
        except AssertionError as wrong:
            self.say(f"  {wrong}")
            return False
        return True

    def wait(self, true: Callable[[], bool], within: float) -> bool:
        ends = time.monotonic() + within
        while not true():
            if time.monotonic() > ends:
                return False
            time.sleep(0.05)
        return True


@contextmanager
def deployed() -> Iterator[Cluster]:
    """As the tests of faults deploy it, PostgreSQL and Redis behind proxies."""
    with reachable_folder("drill-") as folder:
        for name in ("template", "cluster"):
            (folder / name).mkdir(mode=0o777)
            (folder / name).chmod(0o777)
        make_template(folder / "template")
        kept = folder / "template" / "kept"
        with Cluster(kept, folder / "cluster", SEED, webs=2, desks=2, proxied=True, **SETTINGS) as cluster:
            yield cluster


def drilled(cluster: Cluster, names: Sequence[str], say: Callable[[str], None]) -> list[Outcome]:
    """Raises AssertionError where pages, orders or money were not true in the end."""
    with cluster.crowd(cluster.members(MEMBERS), tabs=TABS) as crowd:
        flow = cluster.orders(cluster.members(TRADERS), pace=0.5)
        drill = Drill(cluster, crowd, say)
        outcomes = drill.run([one for one in drill.breaks() if one.name in names])
        say(f"\n{cluster.check(crowd, flow)}")
    return outcomes


def main() -> None:
    names = ["redis", "postgres", "slow", "sockets", "web", "desk", "desks"]
    parser = argparse.ArgumentParser(prog="python -m tools.drill", description=__doc__)
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(names)}")
    chosen = [name for name in parser.parse_args().only.split(",") if name] or names
    if unknown := set(chosen) - set(names):
        parser.error(f"no break {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was started is stopped as well

    def say(text: str) -> None:
        print(text, flush=True)

    say(f"starts 2 web processes, 2 desks, PostgreSQL and Redis; FAULT_SEED={SEED}")
    with deployed() as cluster:
        outcomes = drilled(cluster, chosen, say)
    say("")
    for outcome in outcomes:
        say(f"{'ok  ' if outcome.holds else 'FAIL'} {outcome}")
    sys.exit(not all(outcome.holds for outcome in outcomes))


if __name__ == "__main__":
    main()
