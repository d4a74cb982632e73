"""What a deployment says of itself while it is broken, and when: health, alerts, incidents and who holds the lease."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg

from tests.faults.cluster import Cluster
from tests.faults.programs import Web

EVERY = 0.2
ANSWERS_WITHIN = 5.0
ALERTS = (
    "SELECT alert.id, rule.name, alert.severity, alert.resolved_at IS NOT NULL FROM alerts_alert alert "
    "JOIN alerts_rule rule ON rule.id = alert.rule_id ORDER BY alert.id"
)
INCIDENTS = "SELECT id, title, grade FROM incidents_incident ORDER BY id"


@dataclass(frozen=True)
class Said:
    """`at` is a moment of the monotonic clock."""

    at: float
    who: str
    words: str

    def __str__(self) -> str:
        return f"{self.who}: {self.words}"


def asked(web: Web) -> dict[str, Any] | None:
    """What /health answers, well or ill; None where nobody answers."""
    try:
        with urllib.request.urlopen(f"{web.url}/health", timeout=ANSWERS_WITHIN) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)
    except (OSError, ValueError):
        return None


def words_of(report: dict[str, Any] | None) -> str:
    if report is None:
        return "no answer"
    parts = [report["status"]]
    for name in ("database", "redis", "feed", "ledger"):
        if report[name]["status"] not in {"ok", "off"}:
            parts.append(f"{name} {report[name]['status']} ({report[name].get('reason', '')})")
    known = report["processes"]
    return ", ".join([*parts, "processes not known" if known is None else f"{known} web processes"])


class Timeline:
    """Looks five times a second, by a thread of its own for each that may hang, and tells each change as it comes."""

    def __init__(self, cluster: Cluster, tell: Callable[[Said], None]) -> None:
        self.cluster, self.tell = cluster, tell
        self.said: list[Said] = []
        self.now: dict[str, str] = {}
        self.lock, self.stopping = threading.Lock(), threading.Event()
        looks: list[Callable[[], None]] = [lambda web=web: self.look_at(web) for web in cluster.webs]  # type: ignore[misc]
        self.threads = [threading.Thread(target=self.keep, args=(look,), daemon=True) for look in [*looks, self.ask]]

    def __enter__(self) -> Timeline:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(2 * ANSWERS_WITHIN)

    def keep(self, look: Callable[[], None]) -> None:
        while not self.stopping.wait(EVERY):
            look()

    def look_at(self, web: Web) -> None:
        self.note(f"/health of {web.name}", words_of(asked(web)))

    def ask(self) -> None:
        """The database itself, by a way that is never broken here."""
        try:
            alerts, incidents = self.cluster.postgres.ask(ALERTS), self.cluster.postgres.ask(INCIDENTS)
            active = self.cluster.active_desk()
        except psycopg.Error:
            return
        self.note("desk", f"{active.name} is active" if active else "none is active")
        for number, name, severity, over in alerts:
            self.note(f"alert {number}", f"{severity}, {name}, {'resolved' if over else 'raised'}")
        for number, title, grade in incidents:
            self.note(f"incident {number}", f"{grade}, {title}")

    def note(self, who: str, words: str) -> None:
        """Keeps it where it is news; how many seconds something lasts is none."""
        with self.lock:
            if bare(self.now.get(who, "")) == bare(words):
                return
            self.now[who] = words
            said = Said(time.monotonic(), who, words)
            self.said.append(said)
            self.tell(said)

    def first(self, wanted: str, since: float) -> Said | None:
        """The first that was said since then and is what the pattern wants."""
        return next((each for each in tuple(self.said) if each.at >= since and re.search(wanted, str(each))), None)

    @property
    def is_well(self) -> bool:
        """Every web process is healthy and knows of all, and a desk is active."""
        wanted = f"healthy, {len(self.cluster.webs)} web processes"
        health = [words for who, words in tuple(self.now.items()) if who.startswith("/health")]
        desk = self.now.get("desk", "none")
        return health == [wanted] * len(self.cluster.webs) and not desk.startswith("none")


def bare(words: str) -> str:
    return re.sub(r"\d+ s\b", "", words)
