"""The desk as a process of its own, on the test's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from apps.market.models import LastQuote, MarketState
from apps.trades.models import DeskLease
from tests.keys import ENCRYPTION_KEY

ROOT = Path(__file__).resolve().parents[2]


def start(**settings: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "SECRET_KEY": "a key for a test, of fifty characters and some more",
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "ALLOWED_HOSTS": "localhost",
        "REDIS_URL": "",
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "rundesk"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
def test_rundesk_ends_cleanly_on_sigterm_and_gives_the_lease_back() -> None:
    """R-DRAIN"""
    process = start(FEED="simulated", SIM_SYMBOLS="2", SIM_RATE="20")
    assert process.stdout is not None
    assert process.stdout.readline() == "The desk runs; SIGTERM ends it.\n"

    process.send_signal(signal.SIGTERM)
    printed, errors = process.communicate(timeout=60)

    assert (process.returncode, printed) == (0, "The desk has ended.\n"), errors
    assert "Traceback" not in errors
    assert "lost the lease" not in errors
    assert DeskLease.objects.get().holder == ""
    assert MarketState.objects.get().feed == "simulated"
    assert set(LastQuote.objects.values_list("instrument__symbol", flat=True)) <= {"AAPL", "MSFT"}


@pytest.mark.django_db(transaction=True)
def test_rundesk_with_a_wrong_feed_says_what_would_be_right() -> None:
    process = start(FEED="telepathy")

    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "FEED is 'telepathy'; it must be simulated or replay:PATH" in errors
