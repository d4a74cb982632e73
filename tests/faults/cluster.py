"""A whole deployment on this machine: PostgreSQL, Redis, web processes and desks, with or without proxies between."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests import templates
from tests.browser.server import manage

from .background import Background
from .clients import Crowd, Member, Page
from .faults import FaultProxy
from .oracle import Oracle
from .orders import Lists, OrderFlow, Told
from .programs import Desk, Manage, Postgres, Program, Redis, Web, initialised

MEMBERS = 200
DEPLOYED = {
    **templates.DEPLOYED,
    "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
    "SIM_RATE": "2",
}


def make_template(folder: Path, migrated: Path | None = None) -> None:
    """Leaves in `kept` a migrated and seeded PostgreSQL to copy, whose market was opened before, and the sessions of
    MEMBERS signed-in traders."""
    kept, run = folder / "kept", folder / "run"
    kept.mkdir()
    run.mkdir()
    postgres = Postgres("postgres", run, migrated or initialised(folder))
    postgres.start()
    try:
        settings = {**DEPLOYED, "DATABASE_URL": postgres.url}
        if migrated is None:
            manage(folder / "var", "migrate", "--verbosity", "0", **settings)
        manage(folder / "var", "seed_demo", **settings)
        sessions = manage(folder / "var", "demo_sessions", "--count", str(MEMBERS), "--watch", "5", **settings)
        templates.open_market(folder / "var", **settings)
        (kept / "sessions").write_text("\n".join(sessions.splitlines()[-MEMBERS:]))
    finally:
        postgres.signal(signal.SIGINT)  # an orderly end: copies begin without recovery
        postgres.wait()
    postgres.data.rename(kept / "data")


class Cluster:
    """Everything is started, and ended, by `with`. With `proxied`, the apps reach PostgreSQL and Redis by proxies."""

    def __init__(
        self, template: Path, folder: Path, seed: int, webs: int, desks: int, proxied: bool = False, **settings: str
    ) -> None:
        self.folder, self.seed, self.dice = folder, seed, random.Random(seed)
        self.background = Background()
        self.postgres = Postgres("postgres", self.room("postgres"), template / "data")
        self.redis = Redis("redis", self.room("redis"))
        self.proxies = (
            {each.name: FaultProxy(self.background, each.port) for each in (self.postgres, self.redis)}
            if proxied
            else {}
        )
        urls = {"DATABASE_URL": self.through(self.postgres), "REDIS_URL": self.through(self.redis)}
        self.settings = {**DEPLOYED, **urls, **settings}
        self.webs = [self.web(number) for number in range(webs)]
        self.desks = [Desk(f"desk-{number}", self.room(f"desk-{number}"), **self.settings) for number in range(desks)]
        self.oracle = Oracle(self.postgres)
        self.sessions = (template / "sessions").read_text().split()
        self.crowds: list[Crowd] = []
        self.flows = 0
        self.known = Counter[str]()

    def room(self, name: str) -> Path:
        room = self.folder / name
        room.mkdir()
        return room

    def web(self, number: int) -> Web:
        return Web(f"web-{number}", self.room(f"web-{number}"), **self.settings)

    def through(self, server: Postgres | Redis) -> str:
        proxy = self.proxies.get(server.name)
        return server.url if proxy is None else server.url.replace(f":{server.port}/", f":{proxy.port}/")

    @property
    def programs(self) -> list[Program]:
        apps: list[Manage] = [*self.webs, *self.desks]
        return [*apps, self.redis, self.postgres]

    @property
    def addresses(self) -> list[str]:
        return [web.url for web in self.webs]

    def __enter__(self) -> Cluster:
        try:
            self.postgres.start()
            self.redis.start()
            for process in [*self.desks, *self.webs]:
                process.spawn()
            for process in [*self.desks, *self.webs]:
                process.wait_until_ready()
            self.wait_for_quotes()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self.end()

    def end(self) -> None:
        for proxy in self.proxies.values():
            proxy.close()
        for process in (*self.webs, *self.desks):
            process.ask_to_end()
        for process in self.programs:
            process.end()
        self.background.end()

    def wait_for_quotes(self, since: float = 0.0) -> None:
        """Until the desk is open and has saved quotes that came later than `since`."""
        later = "SELECT 1 FROM market_lastquote WHERE received_at > to_timestamp(%s) LIMIT 1"
        self.until(lambda: bool(self.postgres.ask(later, since)), 40)

    def until(self, true: Callable[[], bool], within: float) -> float:
        """Seconds until it is true."""
        started = time.monotonic()
        while not true():
            assert time.monotonic() - started < within, f"not true within {within} s"
            time.sleep(0.02)
        return time.monotonic() - started

    # Who is there

    def members(self, count: int) -> list[Member]:
        rows = self.postgres.ask(
            "SELECT session.user_id, account.id, session.session_key FROM usersessions_usersession session "
            "JOIN portfolio_account account ON account.user_id = session.user_id"
        )
        known = {str(key): Member(int(str(user)), int(str(account)), str(key)) for user, account, key in rows}
        return [known[session] for session in self.sessions[:count]]

    def crowd(self, members: Sequence[Member], addresses: Sequence[str] = (), tabs: int = 1) -> Crowd:
        """`tabs` pages of each member, connected."""
        many = [each for each in members for _ in range(tabs)]
        dice = [random.Random(f"{self.seed} {len(self.crowds)} {number}") for number in range(len(many))]
        pages = [Page(each, addresses or self.addresses, die) for each, die in zip(many, dice, strict=True)]
        crowd = Crowd(self.background, pages)
        self.crowds.append(crowd)
        crowd.wait_until_connected(60)
        return crowd

    def orders(self, members: Sequence[Member], addresses: Sequence[str] = (), pace: float = 0.1) -> OrderFlow:
        self.flows += 1
        return OrderFlow(members, addresses or self.addresses, f"{self.seed}-{self.flows}", pace)

    # What is true

    def settle(self, crowd: Crowd, within: float = 60.0) -> float:
        """Seconds until every page has each event that stood in the database now, and lists as new as it."""
        newest, stamps = self.oracle.newest(), self.oracle.stamps()

        def is_true(page: Page) -> bool:
            user, account = page.member.user_id, page.member.account_id
            told = page.since >= newest.get(user, 0)
            return told and page.stamps.get(f"orders-{account}", 0) >= stamps.get(user, 0)

        return crowd.wait(is_true, within)

    def check(self, crowd: Crowd, flow: OrderFlow, may_refuse: str = "quote") -> Told:
        """Ends the orders, lets all arrive, and proves lists, answers and money. Says what was told.

        Orders may be refused with that word only: a machine that stands still for seconds has no fresh quote.
        """
        told = flow.stop()
        told.lists = self.prove(crowd)
        assert [why for why in told.refused.values() if may_refuse not in why] == []
        assert self.oracle.broken_orders(told) == {}
        assert told.lists.delivered > 0
        return told

    def prove(self, crowd: Crowd) -> Lists:
        """Lets all that has happened arrive, and proves lists and money; orders may go on meanwhile."""
        truth = self.oracle.numbers()
        self.settle(crowd)
        self.prove_rows(crowd)
        lists = self.oracle.compare(crowd.pages, truth)
        assert self.oracle.broken_money() == {}
        assert lists == Lists(lists.delivered)
        return lists

    def prove_rows(self, crowd: Crowd, within: float = 20.0) -> None:
        """Every page has shown the tables' rows at one of our looks: its orders and fills may have moved since."""
        ends, untrue = time.monotonic() + within, self.oracle.untrue(crowd.pages)
        while untrue and time.monotonic() < ends:
            time.sleep(0.1)
            untrue = self.oracle.untrue(untrue)
        assert not untrue, f"{len(untrue)} pages show other rows: {next(iter(untrue.values()))[:4000]}"

    def active_desk(self) -> Desk | None:
        """The desk that holds the lease."""
        holders = self.postgres.ask("SELECT holder FROM trades_desklease WHERE holder <> ''")
        pids = [int(str(holder).split(":")[1]) for (holder,) in holders]
        return next((desk for desk in self.desks if desk.runs and desk.pid in pids), None)

    def forget_tracebacks(self) -> None:
        """What came before belongs to another test: they run in any order."""
        self.known = Counter(self.all_tracebacks())

    def tracebacks(self) -> list[str]:
        """What the apps' logs say, since they were forgotten, of faults that nobody expected."""
        return list((Counter(self.all_tracebacks()) - self.known).elements())

    def all_tracebacks(self) -> list[str]:
        apps: list[Manage] = [*self.webs, *self.desks]
        parts = [part for app in apps for part in app.said().split("Traceback (most recent call last)")[1:]]
        return [part.partition("\n")[0][-1500:] for part in parts]  # a line of JSON holds all of it
