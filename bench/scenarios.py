"""What is measured, on whom, and what is promised of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from . import parties
from .figures import Claim
from .loading import Figures, run_load
from .orders import place_orders
from .parties import Machine

Run = Callable[[Machine, float], Figures]
"""Measures one party once, with a window of so many seconds."""

PRODUCT, RIVAL, LIMIT, MUTED = "product", "socket.io", "C limit", "without instruments"
QUOTE, TOAST, ACCOUNT = 'id="quote-', 'id="toast-', 'id="account-'
QUIET = 0.01
WARM_UP = 20
STUCK, STUCK_WINDOW = 20, 25.0
ORDERS_SECONDS, ORDERS_A_SECOND = 10.0, 20
PATIENCE_S = 120
IN_FLIGHT = 50  # handshakes under way at once

CPU = partial(Claim, "CPU s per 1e6 updates", "cpu_per_million", digits=2)
CORE = partial(Claim, "share of one core, %", "core_percent")
P99 = partial(Claim, "P99, ms", "p99_ms")
DELIVERED = partial(Claim, "delivered of offered", "delivered", digits=3)


@dataclass(frozen=True)
class Scenario:
    title: str
    runs: Mapping[str, Run]
    claims: tuple[Claim, ...]
    most_rounds: int = 99
    needs: frozenset[str] = field(default_factory=frozenset)


# Quotes


def quotes(tick_ms: int, rate: float, connections: int, machine: Machine, seconds: float, **settings: str) -> Figures:
    with parties.product(machine, rate, "watchlist", LIVE_TICK_MS=str(tick_ms), **settings) as party:
        return run_load(machine, party, connections, element=QUOTE, window=seconds, timeout=PATIENCE_S)


def rival_quotes(rate: float, connections: int, machine: Machine, seconds: float) -> Figures:
    with parties.rival(machine, rate) as party:
        return run_load(machine, party, connections, window=seconds, timeout=30)


def limit_quotes(window_ms: int, rate: float, connections: int, machine: Machine, seconds: float) -> Figures:
    with parties.limit(machine, rate, window_ms) as party:
        return run_load(machine, party, connections, element=QUOTE, window=seconds)


def quotes_scenario(connections: int, rate: float, tick_ms: int, *promised: Claim, rounds: int = 99) -> Scenario:
    offered = connections * parties.WATCHED * rate
    tick = f"{tick_ms} ms tick" if tick_ms else "adaptive tick"
    runs: dict[str, Run] = {
        PRODUCT: partial(quotes, tick_ms, rate, connections),
        RIVAL: partial(rival_quotes, rate, connections),
        LIMIT: partial(limit_quotes, tick_ms, rate, connections),
    }
    shown = (
        Claim("connected", "ready", at_least=connections, digits=0),
        Claim("updates/s offered", "offered_s", digits=0),
        Claim("updates/s delivered", "updates_s", digits=0),
        Claim("… at the least served connection", "least_updates_s"),
        Claim("P50, ms", "p50_ms"),
        Claim("P95, ms", "p95_ms"),
    )
    known = {claim.key for claim in promised}
    more = [claim for claim in (P99(), CPU(), CORE()) if claim.key not in known]
    title = f"{connections:,} connections, {offered:,.0f} updates/s, {tick}"
    return Scenario(title, runs, (*shown, *promised, *more), rounds)


# Connections


def connects(machine: Machine, seconds: float) -> Figures:
    """In a quiet market, after a few connections that load what is loaded late; then again, counting queries."""
    with parties.product(machine, QUIET, "watchlist") as party:
        figures = quiet_connects(machine, party)
    with parties.product(machine, QUIET, "watchlist", BENCH_QUERIES="on") as party:
        counted = run_load(machine, party, 500, settle=0, warmup=0, window=0.1, drain=0, in_flight=IN_FLIGHT)
    asked = parties.queries_of(party)
    return figures | {"queries": sum(asked.values()) / counted["ready"]}


def rival_connects(machine: Machine, seconds: float) -> Figures:
    with parties.rival(machine, 0) as party:
        return quiet_connects(machine, party)


def quiet_connects(machine: Machine, party: parties.Running) -> Figures:
    run_load(machine, party, WARM_UP, settle=0, warmup=0, window=0.5, drain=0)
    return run_load(machine, party, 1000, settle=5, warmup=0, window=0.5, drain=0, in_flight=IN_FLIGHT)


# Stuck clients


def stuck_product(machine: Machine, seconds: float) -> Figures:
    with parties.product(machine, 5, "watchlist") as party:
        return with_closing(run_load(machine, party, 1000, element=QUOTE, window=STUCK_WINDOW, stuck=STUCK))


def stuck_rival(machine: Machine, seconds: float) -> Figures:
    with parties.rival(machine, 5) as party:
        return with_closing(run_load(machine, party, 1000, window=STUCK_WINDOW, stuck=STUCK))


def with_closing(figures: Figures) -> Figures:
    """One that is never closed is closed too late."""
    return figures | {"stuck_last_s": figures["stuck_last_s"] if figures["stuck_closed"] == STUCK else float("inf")}


# Orders and portfolios


def toasts(machine: Machine, seconds: float) -> Figures:
    with parties.product(machine, 5, "watchlist") as party:
        placing = partial(place_orders, machine.sessions, party.port, ORDERS_SECONDS - 1, ORDERS_A_SECOND)
        return run_load(machine, party, 1000, placing, element=QUOTE, special=TOAST, window=ORDERS_SECONDS)


def portfolios(machine: Machine, seconds: float) -> Figures:
    with parties.product(machine, 1, "portfolio") as party:
        figures = run_load(machine, party, 1000, element=ACCOUNT, window=seconds, warmup=4)
    return figures | {"redraws": figures["updates_s"] / 1000}


SCENARIOS = {
    "connects": Scenario(
        "1,000 connections, quiet market",
        {PRODUCT: connects, RIVAL: rival_connects},
        (
            Claim("connects/s through the session", "connects_s", at_least=500, digits=0),
            Claim("queries a connect", "queries", at_most=1),
            Claim("server CPU a connect, ms", "connect_cpu_ms", digits=2),
            Claim("memory of an idle connection, kB", "idle_kb", at_most=35),
        ),
    ),
    "quotes-100": quotes_scenario(100, 5, 0),
    "quotes-100k": quotes_scenario(
        1000, 5, 100, DELIVERED(at_least=0.99), P99(at_most=130), CPU(at_most=0.30, of=RIVAL), CPU(at_most=2, of=LIMIT)
    ),
    "quotes-100k-adaptive": quotes_scenario(1000, 5, 0, P99(at_most=25), CPU(at_most=0.85, of=RIVAL)),
    "quotes-200k": quotes_scenario(1000, 10, 100, P99(at_most=120), CORE(at_most=50)),
    "quotes-500k": quotes_scenario(5000, 5, 100, DELIVERED(at_least=0.99), P99(at_most=200), rounds=1),
    "instrumentation": Scenario(
        "1,000 connections, 100,000 updates/s, 100 ms tick: metrics, lateness and log on and off",
        {PRODUCT: partial(quotes, 100, 5, 1000), MUTED: partial(quotes, 100, 5, 1000, BENCH_MUTE="on")},
        (
            Claim("updates/s delivered", "updates_s", digits=0),
            DELIVERED(),
            CPU(at_most=1.03, of=MUTED),
        ),
    ),
    "stuck": Scenario(
        f"{STUCK} of 1,000 stop reading, 100,000 updates/s, adaptive tick",
        {PRODUCT: stuck_product, RIVAL: stuck_rival},
        (
            Claim("memory grows by, MB", "rss_growth_mb", at_most=20),
            Claim("last one closed after, s", "stuck_last_s", at_most=10),
            Claim("the others' P99, ms", "p99_ms", at_most=25),
        ),
        most_rounds=1,
    ),
    "toasts": Scenario(
        f"{ORDERS_A_SECOND} orders/s, 1,000 connections, 100,000 updates/s, adaptive tick",
        {PRODUCT: toasts},
        (
            Claim("toasts", "special", digits=0),
            Claim("order committed → toast received, P50, ms", "special_p50_ms", at_most=15),
            Claim("order committed → toast received, P99, ms", "special_p99_ms", at_most=60),
        ),
    ),
    "portfolios": Scenario(
        "1,000 portfolios of 10 positions",
        {PRODUCT: portfolios},
        (
            Claim("redraws of one a second", "redraws", at_least=0.9),
            CORE(at_most=35),
        ),
        needs=frozenset({"positions"}),
    ),
}
