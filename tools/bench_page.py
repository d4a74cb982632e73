"""The desk page: server time, number of queries whatever the rows, weight of script and style, cost of drawing."""

from __future__ import annotations

import gzip
import os
import re
import sys
import time
from pathlib import Path

import django
import httpx

from tests.browser.server import environment

from .desk import demo_session, percentile, running_desk, signed_in, verdict

VIEWS = 200
CHARTS = ("lightweight-charts", "uPlot")  # loaded where a chart is, and not part of the budget
ASSET = {
    "JavaScript": re.compile(r'<script[^>]+src="([^"]+)"'),
    "CSS": re.compile(r'<link[^>]+href="([^"]+\.css)"'),
}
LIMIT_KB = {"JavaScript": 60, "CSS": 30}
ROWS = (1, 20)


def server_times(client: httpx.Client) -> list[float]:
    """Milliseconds to the last byte of the page, on loopback, with the market running beside it."""
    times = []
    for _ in range(VIEWS):
        begun = time.perf_counter()
        client.get("/").raise_for_status()
        times.append((time.perf_counter() - begun) * 1000)
    return times


def weight(client: httpx.Client, page: str, asset: re.Pattern[str]) -> float:
    """Kilobytes of the page's assets as a browser gets them, at gzip's own level."""
    paths = [path for path in asset.findall(page) if not any(chart in path for chart in CHARTS)]
    return sum(len(gzip.compress(client.get(path).content)) for path in paths) / 1000


def query_counts(var: Path, sessions: list[str]) -> list[int]:
    """Queries of one view of the page for each session, counted in this process on the same database."""
    os.environ.update(environment(var), DJANGO_SETTINGS_MODULE="config.settings")
    django.setup()
    from django.db import connection  # noqa: PLC0415 -- slow import: needs django.setup
    from django.test import Client  # noqa: PLC0415 -- slow import: needs django.setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 -- slow import: needs django.setup

    counts = []
    for session in sessions:
        client = Client(headers={"host": "127.0.0.1"})
        client.cookies["sessionid"] = session
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/")
        if answer.status_code != 200:
            raise SystemExit(f"the desk page answered {answer.status_code}")
        counts.append(len(queries))
    connection.close()
    return counts


def main() -> None:
    with running_desk() as server:
        client = signed_in(server)
        page = client.get("/").text
        times = server_times(client)
        held = [
            verdict("desk page, server time P50", percentile(times, 50), 60, "ms"),
            verdict("desk page, server time P95", percentile(times, 95), 150, "ms"),
        ]
        for kind, asset in ASSET.items():
            held.append(verdict(f"{kind} gzipped, without charts", weight(client, page, asset), LIMIT_KB[kind], "kB"))
        counts = query_counts(server.var, [demo_session(server, watch) for watch in ROWS])
        from .drawing import draw_costs  # noqa: PLC0415 -- slow import: needs django.setup

        quote, portfolio = draw_costs()
        held.append(verdict("draw quote", quote, 25, "µs"))
        held.append(verdict("draw account+positions+breakdown of 10 positions", portfolio, 350, "µs"))
    print(f"{'ok  ' if len(set(counts)) == 1 else 'OVER'} queries with {ROWS} watched symbols: {counts}")
    sys.exit(not all(held) or len(set(counts)) > 1)


if __name__ == "__main__":
    main()
