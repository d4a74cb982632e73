"""Two releases of the desk over one PostgreSQL and one Redis, as they stand side by side during a deploy."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.browser.server import ROOT, manage
from tests.faults.clients import Member
from tests.faults.cluster import DEPLOYED
from tests.faults.oracle import Oracle
from tests.faults.orders import TOKEN, OrderFlow
from tests.faults.programs import Desk, Postgres, Redis, Web, initialised
from tests.patience import at_most
from tools.keep_release import unpack

TRADERS = 6
FILLED_WITHIN = at_most(10.0)
NEVER_CHANGED = ("trades_fill", "portfolio_journal", "portfolio_ledgerentry")
Rows = dict[str, tuple[str, list[tuple[object, ...]]]]


class Release:
    """One release's web process and desk, of its own code."""

    def __init__(self, name: str, code: Path, folder: Path, settings: dict[str, str]) -> None:
        self.name, self.code, self.folder, self.settings = name, code, folder, settings
        folder.mkdir()
        self.web, self.desk = Web(f"{name}-web", folder, **settings), Desk(f"{name}-desk", folder, **settings)
        self.web.code = self.desk.code = code

    def manage(self, *words: str) -> str:
        return manage(self.folder / "var", *words, code=self.code, **self.settings)

    def start(self) -> None:
        for process in (self.desk, self.web):
            process.spawn()
        for process in (self.desk, self.web):
            process.wait_until_ready()

    def stop(self) -> list[int]:
        """As a deploy stops it; the exit codes."""
        codes = []
        for process in (self.web, self.desk):
            process.signal(signal.SIGTERM)
            codes.append(process.wait())
        return codes


class Deploy:
    def __init__(self, folder: Path, seed: int) -> None:
        for name in ("empty", "postgres", "redis", "code"):
            (folder / name).mkdir()
        self.seed, self.flows = seed, 0
        self.postgres = Postgres("postgres", folder / "postgres", initialised(folder / "empty"))
        self.redis = Redis("redis", folder / "redis")
        settings = {**DEPLOYED, "DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url}
        self.old = Release("old", unpack(folder / "code"), folder / "old", settings)
        self.new = Release("new", ROOT, folder / "new", settings)
        self.oracle = Oracle(self.postgres)
        self.members: list[Member] = []

    def begin(self) -> None:
        """The old release on its own schema, with traders who are signed in."""
        self.postgres.start()
        self.redis.start()
        self.old.manage("migrate", "--verbosity", "0")
        self.old.manage("seed_demo")
        said = self.old.manage("demo_sessions", "--count", str(TRADERS), "--watch", "5")
        rows = self.postgres.ask(
            "SELECT session.user_id, account.id, session.session_key FROM usersessions_usersession session "
            "JOIN portfolio_account account ON account.user_id = session.user_id"
        )
        sessions = said.split()[-TRADERS:]
        found = [Member(int(str(user)), int(str(account)), str(key)) for user, account, key in rows]
        self.members = [each for each in found if each.session in sessions]
        self.start(self.old)

    def start(self, release: Release) -> None:
        """Until a desk, whosever it is, has saved quotes that came later."""
        now = time.time()
        release.start()
        later = "SELECT 1 FROM market_lastquote WHERE received_at > to_timestamp(%s) LIMIT 1"
        self.until(lambda: bool(self.postgres.ask(later, now)), 40)

    def orders(self, *webs: Web) -> OrderFlow:
        self.flows += 1
        return OrderFlow(self.members, [web.url for web in webs], f"{self.seed}-{self.flows}", 0.1)

    def until(self, true: Callable[[], bool], within: float) -> float:
        """Seconds until it is true."""
        started = time.monotonic()
        while not true():
            assert time.monotonic() - started < within, f"not true within {within} s"
            time.sleep(0.05)
        return time.monotonic() - started

    def trade(self, web: Web) -> float:
        """An order is placed and cancelled, and one placed and filled; seconds until the fill."""
        member = self.members[0]
        headers = {"Cookie": f"sessionid={member.session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
        ticket = {"symbol": "AAPL", "side": "buy", "quantity": "1", "time_in_force": "gtc"}
        with httpx.Client(base_url=web.url, headers={**headers, "Accept": "application/json"}, timeout=30) as client:

            def place(**terms: str) -> str:
                sent = client.post("/orders/", data={**ticket, **terms, "client_order_id": str(uuid.uuid4())})
                assert sent.status_code == 201, sent.text
                return str(sent.json()["id"])

            resting = place(order_type="limit", limit_price="1.00")
            assert client.post(f"/orders/{resting}/cancel/").status_code == 200
            assert self.status(resting) == "canceled"
            filled = place(order_type="market")
            return self.until(lambda: self.status(filled) == "filled", FILLED_WITHIN)

    def status(self, order: str) -> str:
        [(status,)] = self.postgres.ask("SELECT status FROM trades_order WHERE id = %s", order)
        return str(status)

    def active(self) -> str:
        """Whose desk holds the lease."""
        holders = [
            str(name) for (name,) in self.postgres.ask("SELECT holder FROM trades_desklease WHERE holder <> ''")
        ]
        pids = [int(name.split(":")[1]) for name in holders]
        desks = {each.desk.pid: each.name for each in (self.old, self.new) if each.desk.runs}
        return next((desks[pid] for pid in pids if pid in desks), "")

    def rows(self) -> Rows:
        """What is written once and never changed, in the columns that there are now, read as text."""
        found: Rows = {}
        for table in NEVER_CHANGED:
            named = (
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
            )
            columns = ", ".join(f"{name}::text" for (name,) in self.postgres.ask(named, table))
            found[table] = columns, self.postgres.ask(f"SELECT {columns} FROM {table} ORDER BY id")  # noqa: S608
        return found

    def changed_since(self, before: Rows) -> dict[str, list[tuple[object, ...]]]:
        """Of those rows the ones that are not there any more as they were."""
        gone = {
            table: set(rows) - set(self.postgres.ask(f"SELECT {columns} FROM {table}"))  # noqa: S608
            for table, (columns, rows) in before.items()
        }
        return {table: sorted(rows, key=str) for table, rows in gone.items() if rows}

    def prove(self) -> None:
        """Money and orders, by the tests' own rules and by those of the new release."""
        assert self.oracle.broken_money() == {}
        self.new.manage("verify_ledger")  # raises where something does not add up

    def end(self) -> None:
        for program in (self.old.web, self.new.web, self.old.desk, self.new.desk, self.redis, self.postgres):
            program.end()


@contextmanager
def deploying(folder: Path, seed: int) -> Iterator[Deploy]:
    deploy = Deploy(folder, seed)
    try:
        deploy.begin()
        yield deploy
    finally:
        deploy.end()
