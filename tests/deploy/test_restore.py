"""R-DEPLOY: a backup, made by the runbook's commands while the desk may trade, is the whole state of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.browser.server import ROOT
from tests.services import postgres, program
from tests.templates import copy_sqlite
from tests.trades.race import RaceDesk

RUNBOOK = (ROOT / "docs/runbook.md").read_text()


def commands(row: str) -> list[str]:
    """What the runbook says in this row of its table."""
    found = re.search(rf"^\| {row} \|(.*)\|$", RUNBOOK, flags=re.M)
    assert found
    return re.findall(r"`([^`]+)`", found[1])


def traded(url: str) -> RaceDesk:
    desk = RaceDesk(url)
    desk.run("150", "7", worker="replay_worker")
    return desk


def hash_of(desk: RaceDesk) -> str:
    done = desk.command("state_hash")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_sqlite_is_backed_up_and_restored_whole(tmp_path: Path, migrated_sqlite: Path) -> None:
    (tmp_path / "var").mkdir()
    copy_sqlite(migrated_sqlite, tmp_path / "var/livedesk.sqlite3")
    desk = traded(f"sqlite:///{tmp_path}/var/livedesk.sqlite3")
    before = hash_of(desk)
    [backup] = commands("SQLite, while it runs")
    subprocess.run([program("sqlite3"), *shlex.split(backup)[1:]], cwd=tmp_path, check=True)

    desk.run("lose")
    assert hash_of(desk) != before
    for name in ("livedesk.sqlite3", "livedesk.sqlite3-wal", "livedesk.sqlite3-shm"):
        (tmp_path / "var" / name).unlink(missing_ok=True)
    (tmp_path / "backup.sqlite3").rename(tmp_path / "var/livedesk.sqlite3")

    assert hash_of(desk) == before
    assert desk.command("verify_ledger").returncode == 0


@pytest.mark.postgres
def test_postgres_is_backed_up_and_restored_whole(tmp_path: Path, migrated_postgres: Path) -> None:
    with postgres(migrated_postgres) as url:
        server = url.rpartition("/")[0]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE first TEMPLATE postgres")
            connection.execute("CREATE DATABASE second")
        desk, other = traded(f"{server}/first"), RaceDesk(f"{server}/second")
        before = hash_of(desk)
        dump, restore = commands("PostgreSQL")
        typed(dump, f"{server}/first", tmp_path)

        for _ in range(2):  # into an empty database, then over one in which something has been lost since
            typed(restore, f"{server}/second", tmp_path)
            assert hash_of(other) == before
            assert other.command("verify_ledger").returncode == 0
            other.run("lose")
            assert hash_of(other) != before


def typed(command: str, url: str, folder: Path) -> None:
    """As it stands in the runbook. Fails where it ends with anything but 0."""
    words = [word.replace("$DATABASE_URL", url) for word in shlex.split(command)]
    words, output = (words[:-2], words[-1]) if ">" in words else (words, os.devnull)
    with (folder / output).open("wb") as stdout:
        subprocess.run([program(words[0]), *words[1:]], cwd=folder, check=True, stdout=stdout)
