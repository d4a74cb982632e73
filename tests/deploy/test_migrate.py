"""R-DEPLOY: `migrate` while the desk trades: it waits for nobody who would have to wait for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.browser.server import ROOT, environment, manage
from tests.faults.cluster import DEPLOYED
from tests.patience import at_most
from tests.services import postgres

WITHIN = 60.0
HELD_UP = at_most(1.0)


@pytest.mark.postgres
def test_a_migration_gives_way_to_a_transaction_and_is_whole_once_that_is_over(tmp_path: Path) -> None:
    """Who comes while it waits is held up for less than a second; it ends by itself, with nothing half done."""
    with postgres() as url:
        settings, var = {**DEPLOYED, "DATABASE_URL": url}, tmp_path / "var"
        manage(var, "migrate", "portfolio", "0002", "--verbosity", "0", **settings)
        log = tmp_path / "log"
        with psycopg.connect(url) as trader, psycopg.connect(url, autocommit=True) as other, log.open("wb") as said:
            trader.execute("UPDATE portfolio_account SET cash = cash")  # as an order does; it is not over yet
            migrating = subprocess.Popen(
                [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment(var, **settings), stdout=said
            )
            slowest, deadline = 0.0, time.monotonic() + WITHIN
            while log.read_text().count("gives way") < 3:
                assert migrating.poll() is None and time.monotonic() < deadline, log.read_text()
                asked = time.monotonic()
                other.execute("UPDATE portfolio_account SET cash = cash")
                slowest = max(slowest, time.monotonic() - asked)
                time.sleep(0.01)
            trader.commit()
            code = migrating.wait(WITHIN)

        assert code == 0
        assert slowest < HELD_UP
        manage(var, "migrate", "--check", **settings)
