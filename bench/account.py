"""An account of 100,000 fills: its receipts, itself made again from the ledger, and its fills as a file.

Through the whole request, in this process, on an SQLite of its own; bars of ten symbols, one an hour.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import django

from tests.browser.server import environment

from .figures import Claim, Figures
from .figures import table as markdown

NAME = "account"
FILLS, LINES = 100_000, 1_000_000
AT_ONCE = 20_000
DAYS, HOURS = 250, 24
SYMBOLS = ("AAPL", "AMD", "AMZN", "GOOG", "INTC", "META", "MSFT", "NFLX", "NVDA", "TSLA")
STEPS = (("buy", 20), ("buy", 10), ("sell", 15), ("sell", 14))
MOMENTS = 20
QUESTIONS = {"equity": "equity/", "cash": "cash/", "realised P&L of a symbol": "realized-pnl/?symbol=AAPL"}
MB = 1_000_000
CLAIMS = (
    Claim("booking a fill in an import, ms", "book_ms", digits=2),
    *(
        claim
        for words in QUESTIONS
        for claim in (
            Claim(f"receipt now, {words}, P50, ms", f"now {words}"),
            Claim(f"receipt of the past, {words}, P50, ms", f"p50 {words}", at_most=200),
            Claim("… P95, ms", f"p95 {words}", at_most=200),
            Claim("… CPU, P50, ms", f"cpu {words}"),
        )
    ),
    Claim("for comparison: sums of half of the ledger, line by line, ms", "plain_ms"),
    Claim("all that was ever held, made again, s", "rebuilt_s", at_most=10),
    Claim("its fills as CSV, s", "export_s"),
    Claim("… memory at its peak above that before, MB", "export_mb", at_most=10),
)
OF_LINES = (
    Claim(f"{LINES:,} fills as CSV, s", "lines_s"),
    Claim("… memory before, MB", "before_mb"),
    Claim("… memory after, MB", "after_mb"),
    Claim("… at its peak above that before, MB", "lines_mb", at_most=10),
)


def table(*, lines: bool) -> tuple[str, bool]:
    """In Markdown, and whether all limits are kept; with `lines` a file of a million of them too."""
    claims = CLAIMS + (OF_LINES if lines else ())
    with tempfile.TemporaryDirectory(prefix="livedesk-bench-") as folder:
        found = {"product": measured(Path(folder), lines=lines)}
    held = not any(claim.holds(found) is False for claim in claims)
    return markdown(f"An account of {FILLS:,} fills", claims, found, ["product"]), held


def measured(var: Path, *, lines: bool) -> Figures:
    os.environ.update(environment(var, ALLOWED_HOSTS="testserver"), DJANGO_SETTINGS_MODULE="config.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 -- needs django.setup
    from django.test import Client  # noqa: PLC0415

    from apps.desk.position import CostMethod  # noqa: PLC0415
    from apps.portfolio.rebuilding import rebuilt  # noqa: PLC0415
    from apps.portfolio.sums import plain_sums  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    account, begins_at, book_s = built()
    client = Client()
    client.force_login(account.user)
    figures: Figures = {"book_ms": book_s / FILLS * 1000}
    for words, question in QUESTIONS.items():
        figures |= receipts(client, words, f"/portfolio/receipts/{question}", begins_at)
    begun = time.perf_counter()
    plain_sums(account.pk, [(0, None)], begins_at + timedelta(days=DAYS / 2))
    figures["plain_ms"] = (time.perf_counter() - begun) * 1000
    begun = time.perf_counter()
    rebuilt(account.pk, CostMethod.FIFO)
    figures["rebuilt_s"] = time.perf_counter() - begun
    seconds, before, _, peak = exported_elsewhere()
    figures |= {"export_s": seconds, "export_mb": peak - before}
    if lines:
        copy_fills(LINES - FILLS)
        seconds, before, after, peak = exported_elsewhere()
        figures |= {"lines_s": seconds, "before_mb": before, "after_mb": after, "lines_mb": peak - before}
    return figures


def built():  # type: ignore[no-untyped-def] -- its models can be named once Django is set up
    """The account, when its first fill was, and how long its fills took to book (s)."""
    from apps.accounts.models import User  # noqa: PLC0415 -- needs django.setup
    from apps.market.models import Bar, Instrument  # noqa: PLC0415
    from apps.portfolio import services  # noqa: PLC0415
    from apps.portfolio.models import Account, Journal  # noqa: PLC0415
    from apps.trades.importing import import_fills  # noqa: PLC0415

    begins_at = datetime.now(UTC) - timedelta(days=DAYS)
    rows = Instrument.objects.bulk_create(Instrument(symbol=symbol, name=symbol) for symbol in SYMBOLS)
    for row in rows:
        Bar.objects.bulk_create(
            Bar(instrument=row, start=begins_at + timedelta(hours=hour), volume=1, **dict.fromkeys(OHLC, price(hour)))
            for hour in range(DAYS * HOURS)
        )
    account = services.open_account(User.objects.create_user("bench"), Decimal(100_000_000))
    Account.objects.update(opened_at=begins_at)
    Journal.objects.update(at=begins_at)
    every, seconds = list(fills(begins_at)), 0.0
    for first in range(0, FILLS, AT_ONCE):
        begun = time.perf_counter()
        import_fills(account, every[first : first + AT_ONCE], "a file")
        seconds += time.perf_counter() - begun
    return account, begins_at, seconds


OHLC = ("open", "high", "low", "close")


def price(number: int) -> Decimal:
    return Decimal(100) + Decimal(number % 977) / 100


def fills(begins_at: datetime) -> Iterator[object]:
    """Each symbol in turn, two buys and two sales of a share less, so that lots stay open."""
    from apps.desk.order import Side  # noqa: PLC0415
    from apps.trades.elsewhere import Elsewhere  # noqa: PLC0415

    step = timedelta(days=DAYS) / (FILLS + 1)
    for number in range(FILLS):
        side, quantity = STEPS[number // len(SYMBOLS) % len(STEPS)]
        symbol, at = SYMBOLS[number % len(SYMBOLS)], begins_at + number * step
        yield Elsewhere(number, str(number), at, symbol, Side(side), Decimal(quantity), price(number), Decimal("0.35"))


def receipts(client, words: str, question: str, begins_at: datetime) -> Figures:  # type: ignore[no-untyped-def]
    """Milliseconds of the page, as of now and of moments all over the account's time."""
    moments = [begins_at + timedelta(days=DAYS) * (2 * each + 1) / (2 * MOMENTS) for each in range(MOMENTS)]
    asked(client, question, "")  # what a process reads once
    now = [asked(client, question, "")[0] for _ in moments]
    past = [asked(client, question, f"{at:%Y-%m-%dT%H:%M:%SZ}") for at in moments]
    every = statistics.quantiles([passed for passed, _ in past], n=100, method="inclusive")
    of_each = {"now": statistics.median(now), "p50": every[49], "p95": every[94]}
    of_each["cpu"] = statistics.median(worked for _, worked in past)
    return {f"{name} {words}": value for name, value in of_each.items()}


def asked(client, question: str, at: str) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Milliseconds that passed, and those of them that this process worked."""
    mark = "&" if "?" in question else "?"
    begun, worked = time.perf_counter(), time.process_time()
    answer = client.get(f"{question}{mark}at={at}")
    if answer.status_code != 200:
        raise SystemExit(f"{question} as of {at} answered {answer.status_code}")
    return (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000


def exported_elsewhere() -> list[float]:
    """What `exported` says in a process of its own, whose memory nothing has grown before."""
    done = subprocess.run([sys.executable, "-m", "bench.account"], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def exported() -> tuple[float, float, float, float]:
    """Seconds of the file of all fills, and this process's memory (MB): before, after and at its peak between."""
    from apps.accounts.models import User  # noqa: PLC0415 -- needs django.setup

    user = User.objects.get(username="bench")
    asyncio.run(lines_of(user, "lots"))  # what a process keeps for good
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, begun = resident("VmRSS"), time.perf_counter()
    if (lines := asyncio.run(lines_of(user, "fills"))) <= FILLS:
        raise SystemExit(f"the file has {lines:,} lines")
    return time.perf_counter() - begun, before, resident("VmRSS"), resident("VmHWM")


async def lines_of(user: object, tab: str) -> int:
    from django.test import AsyncClient  # noqa: PLC0415 -- needs django.setup

    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(f"/history/export.csv?tab={tab}")
    lines = 0
    async for part in answer:
        lines += part.count(b"\n")
    return lines


def resident(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / MB


def copy_fills(times: int) -> None:
    """So many more fills of one order, as the database's own copies: they are for reading alone."""
    from django.db import connection  # noqa: PLC0415 -- needs django.setup

    from apps.trades.models import Fill  # noqa: PLC0415

    names = [field.column for field in Fill._meta.concrete_fields if not field.primary_key]
    values = ["'copy-' || i" if name == "exec_id" else name for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "  # noqa: S608
            f"INSERT INTO trades_fill ({', '.join(names)}) SELECT {', '.join(values)} FROM trades_fill, n "
            "WHERE trades_fill.id = (SELECT MIN(id) FROM trades_fill)"
        )


if __name__ == "__main__":  # in the environment of the bench that starts it
    django.setup()
    print(*exported())
